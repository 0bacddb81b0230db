#!/usr/bin/env node
// Two peers talk to each other, so that a failure against another server can
// be told from a fault of the peer.
//
//   node selftest.js [PORT PORT]
import { assert, Checks, peerClient, startPeer } from "./control.js";

const [portA = 18090, portB = 18091] = process.argv.slice(2).map(Number);
const a = await startPeer(portA, ["--first-knock", "rfc9421"]);
const b = await startPeer(portB, ["--first-knock", "cavage", "--authorized-fetch"]);
const A = peerClient(a.url);
const B = peerClient(b.url);
const checks = new Checks();
const arrived = async (peer, type) => {
  const { items } = await peer.received({ type, wait: 10 });
  assert(items.length > 0, `no ${type} arrived`);
  return items.at(-1);
};
const ok = (result) => assert(result.ok, JSON.stringify(result));

try {
  await checks.check("follow is delivered with an RFC 9421 signature and accepted", async () => {
    ok(await A.follow({ who: `@alice@127.0.0.1:${portB}` }));
    const { signatures } = await arrived(B, "Follow");
    assert(signatures.http.scheme === "rfc9421" && signatures.http.verified, JSON.stringify(signatures));
    assert(signatures.integrityProof?.verified, JSON.stringify(signatures));
    const accept = await arrived(A, "Accept");
    assert(accept.signatures.http.scheme === "cavage" && accept.signatures.http.verified, JSON.stringify(accept.signatures));
    const { actors } = await A.info();
    assert(Object.values(actors[0].following)[0] === "accepted", JSON.stringify(actors));
  });
  let note;
  await checks.check("a post reaches the follower with LD signature and integrity proof", async () => {
    const result = await B.post({ content: "hello", visibility: "public" });
    ok(result);
    note = result.object;
    const { signatures } = await arrived(A, "Create");
    assert(signatures.ld?.verified && signatures.integrityProof?.verified, JSON.stringify(signatures));
  });
  let like;
  await checks.check("like, boost, reaction and reply arrive", async () => {
    like = await A.like({ object: note });
    ok(like);
    ok(await A.boost({ object: note }));
    ok(await A.react({ object: note, emoji: "🎉" }));
    ok(await A.post({ content: "a reply", inReplyTo: note, visibility: "unlisted" }));
    for (const type of ["Like", "Announce", "EmojiReact", "Create"]) await arrived(B, type);
  });
  await checks.check("undo, edit and delete arrive", async () => {
    ok(await A.undo({ activity: like.activity }));
    await arrived(B, "Undo");
    ok(await B.edit({ object: note, content: "changed" }));
    await arrived(A, "Update");
    ok(await B.delete({ object: note }));
    await arrived(A, "Delete");
    const response = await fetch(note, { headers: { accept: "application/activity+json" } });
    assert(response.status === 410, `the deleted note is served with ${response.status}`);
  });
  await checks.check("authorized fetch refuses an unsigned GET", async () => {
    const response = await fetch(`${b.url}/users/alice`, { headers: { accept: "application/activity+json" } });
    assert(response.status === 401, `${response.status}`);
  });
  await checks.check("unfollow arrives", async () => {
    ok(await A.unfollow({ who: `@alice@127.0.0.1:${portB}` }));
    const { actors } = await B.info();
    assert(actors[0].followers.length === 0, JSON.stringify(actors[0]));
  });
} finally {
  a.stop();
  b.stop();
}
checks.finish();
