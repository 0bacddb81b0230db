// What the peer does beyond the everyday: moves house, quotes with consent,
// gathers, pins, passes on as a group, changes its profile, goes for good.
// Commands in the shape of those of peer.js, which hands in what they need.
import {
  Accept,
  Activity,
  Add,
  Announce,
  Create,
  Delete,
  Join,
  Move,
  Note,
  PUBLIC_COLLECTION,
  QuoteAuthorization,
  QuoteRequest,
  Remove,
  Update,
} from "@fedify/vocab";

export function deeds(peer) {
  const { newId, activityId, actorName, lookup, lookupActor, authorOf, deliver, BadRequest } = peer;
  const { objects, followers, received, changes, gone, pinned, sentTo, describe } = peer;
  const followersOf = (name) => [...followers.get(name).values()];
  const change = (name, fields) => changes.set(name, { ...changes.get(name), ...fields });

  async function updateOf(ctx, name) {
    return new Update({
      id: activityId(),
      actor: ctx.getActorUri(name),
      object: await describe(ctx, name),
      to: PUBLIC_COLLECTION,
    });
  }

  async function pin(ctx, input, Kind) {
    const name = actorName(input);
    if (Kind === Add) pinned.get(name).add(input.object);
    else pinned.get(name).delete(input.object);
    return await deliver(ctx, name, followersOf(name), new Kind({
      id: activityId(),
      actor: ctx.getActorUri(name),
      object: new URL(input.object),
      target: ctx.getFeaturedUri(name),
      to: PUBLIC_COLLECTION,
    }));
  }

  return {
    async profile(ctx, input) {
      const name = actorName(input);
      change(name, { name: input.name });
      return await deliver(ctx, name, followersOf(name), await updateOf(ctx, name));
    },

    // The new home names the old one; then the old one moves.
    async alias(ctx, input) {
      const name = actorName(input);
      const old = await lookupActor(ctx, input.of, name);
      change(name, { aliases: [old.id] });
      return await deliver(ctx, name, followersOf(name), await updateOf(ctx, name));
    },

    async move(ctx, input) {
      const name = actorName(input);
      const target = await lookupActor(ctx, input.target, name);
      change(name, { successor: target.id });
      return await deliver(ctx, name, followersOf(name), new Move({
        id: activityId(),
        actor: ctx.getActorUri(name),
        object: ctx.getActorUri(name),
        target: target.id,
        to: ctx.getFollowersUri(name),
      }));
    },

    async vanish(ctx, input) {
      const name = actorName(input);
      const deleting = new Delete({
        id: activityId(),
        actor: ctx.getActorUri(name),
        object: ctx.getActorUri(name),
        to: PUBLIC_COLLECTION,
      });
      const result = await deliver(ctx, name, followersOf(name), deleting);
      gone.add(name);
      return result;
    },

    pin: (ctx, input) => pin(ctx, input, Add),
    unpin: (ctx, input) => pin(ctx, input, Remove),

    async join(ctx, input) {
      const name = actorName(input);
      const author = await authorOf(ctx, await lookup(ctx, input.object, name), name);
      const join = new Join({
        id: activityId(),
        actor: ctx.getActorUri(name),
        object: new URL(input.object),
        to: author.id,
      });
      sentTo.set(join.id.href, author.id.href);
      return await deliver(ctx, name, [author], join);
    },

    // As a FEP-1b12 group: what was received as number `n`, or the post `object`, goes to the followers.
    async announce(ctx, input) {
      const name = actorName(input);
      const object = input.object != null
        ? new URL(input.object)
        : await Activity.fromJsonLd(received[input.n].activity, {
          documentLoader: await ctx.getDocumentLoader({ identifier: name }),
          contextLoader: ctx.contextLoader,
        });
      return await deliver(ctx, name, followersOf(name), new Announce({
        id: activityId(),
        actor: ctx.getActorUri(name),
        object,
        to: PUBLIC_COLLECTION,
        cc: ctx.getFollowersUri(name),
      }));
    },

    // Asks whether it may be quoted (FEP-044f); `publish` says the quote once there is an answer.
    async quote(ctx, input) {
      const name = actorName(input);
      const quoted = await lookup(ctx, input.object, name);
      const author = await authorOf(ctx, quoted, name);
      const id = ctx.getObjectUri(Note, { id: newId() });
      const note = new Note({
        id,
        attribution: ctx.getActorUri(name),
        content: `<p>${input.content ?? "a quote"}</p>`,
        quote: quoted.id,
        quoteUrl: quoted.id,
        url: id,
        published: peer.now(),
        to: PUBLIC_COLLECTION,
        ccs: [ctx.getFollowersUri(name), author.id],
      });
      objects.set(id.href, note);
      const result = await deliver(ctx, name, [author], new QuoteRequest({
        id: activityId(),
        actor: ctx.getActorUri(name),
        object: quoted.id,
        instrument: note,
        to: author.id,
      }));
      return { ...result, note: id.href };
    },

    async publish(ctx, input) {
      const name = actorName(input);
      const old = objects.get(input.object);
      if (!(old instanceof Note)) throw new BadRequest("no such note here");
      const note = input.authorization == null
        ? old
        : old.clone({ quoteAuthorization: new URL(input.authorization) });
      objects.set(input.object, note);
      const people = await Promise.all((input.to ?? []).map((who) => lookupActor(ctx, who, name)));
      return await deliver(ctx, name, [...people, ...followersOf(name)], new Create({
        id: new URL("#create", note.id),
        actor: ctx.getActorUri(name),
        object: note,
        tos: note.toIds,
        ccs: note.ccIds,
      }));
    },

    // Consents to the QuoteRequest that was received as number `n`.
    async consent(ctx, input) {
      const name = actorName(input);
      const request = await QuoteRequest.fromJsonLd(received[input.n].activity, {
        documentLoader: await ctx.getDocumentLoader({ identifier: name }),
        contextLoader: ctx.contextLoader,
      });
      const asker = await lookupActor(ctx, request.actorId.href, name);
      const stamp = new QuoteAuthorization({
        id: ctx.getObjectUri(QuoteAuthorization, { id: newId() }),
        attribution: ctx.getActorUri(name),
        interactingObject: request.instrumentId,
        interactionTarget: request.objectId,
      });
      objects.set(stamp.id.href, stamp);
      return {
        stamp: stamp.id.href,
        ...await deliver(ctx, name, [asker], new Accept({
          id: activityId(),
          actor: ctx.getActorUri(name),
          object: request,
          result: stamp.id,
          to: asker.id,
        })),
      };
    },
  };
}
