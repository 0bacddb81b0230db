"""The words of the wire: our own terms, the context that explains them, and the few labels others read.

Our namespace is an IRI that nobody has to host, and it never changes. We write and read our terms in the prefixed form
`machi:x` only. What a prefix claims decides nothing about who may do what (federation reference §1.0).
"""

from typing import Any, Final

AS: Final = "https://www.w3.org/ns/activitystreams"
PUBLIC: Final = f"{AS}#Public"
PUBLIC_NAMES: Final = frozenset({PUBLIC, "as:Public", "Public"})
"""Every form in which others write Public; we write the full one."""

NAMESPACE: Final = "urn:machi-soumu:ns#"

# On objects.
KIND: Final = "machi:kind"  # question | answer | comment | hata | thanks | thanks-message
STATE: Final = "machi:state"  # open | solved; of a 旗 open | closed
ACCEPTED_ANSWER: Final = "machi:acceptedAnswer"  # id of the 決め手
PASSED_ON_FROM: Final = "machi:passedOnFrom"  # id of the answer by which the author had learnt it
AS_OF: Final = "machi:asOf"  # YYYY-MM
BASIS: Final = "machi:basis"  # 根拠, plain text
AI_DRAFT: Final = "machi:aiDraft"  # true
SAMPLE: Final = "machi:sample"  # true: 見本
ANONYMOUS: Final = "machi:anonymous"  # true: asked with the name tag hidden
ASKER: Final = "machi:asker"  # true: spoken by the asker of the thread

# On a 旗.
START_TIME: Final = "machi:startTime"  # RFC 3339
MINUTES: Final = "machi:minutes"  # how long it takes
PLACE: Final = "machi:place"  # plain text
FORM: Final = "machi:form"  # 作業会, 勉強会, … plain text
CAPACITY: Final = "machi:capacity"  # how many can gather
LISTENING: Final = "machi:listening"  # true: 聞くだけOK
JOINED: Final = "machi:joined"  # address of the collection that counts who gathers
JOINED_COUNT: Final = "machi:joinedCount"  # its totalItems

# On activities.
QUESTION: Final = "machi:question"  # ChooseAnswer: id of the question
THANKS_TO: Final = "machi:thanksTo"  # Like: id of the thanked
MESSAGE: Final = "machi:message"  # Like: id of the note with the words
TONE: Final = "machi:tone"  # Like: kind | clear | grounded

# On actors.
ANONYMOUS_RELAY: Final = "machi:anonymousRelay"  # true: だれかさん

# Between towns.
BOARDS: Final = "machi:boards"  # on a town's own actor: id of the collection of its boards
SISTER: Final = "machi:sister"  # Relationship: the two towns are 姉妹まち

# What `machi:kind` may say.
KIND_QUESTION: Final = "question"
KIND_ANSWER: Final = "answer"
KIND_COMMENT: Final = "comment"
KIND_FLAG: Final = "hata"
KIND_THANKS: Final = "thanks"
KIND_THANKS_MESSAGE: Final = "thanks-message"

PROOF_KEY: Final = "#ed25519-key"
"""What the id of an actor's proof key has behind the actor's own."""

STRENGTH_LABEL: Final = "得意技"
"""The name of a PropertyValue that holds a strength."""

SOLVED_MARK: Final = "✅ 解決: "
"""Begins the last paragraph of a solved question; the link to the 決め手 follows."""

SOLVED_TAG: Final = "解決済み"

FLAG_MARK: Final = "🚩 "
"""Stands in front of the title of a 旗."""

PLAN_MARK: Final = "🗓 "
"""Begins the last paragraph of a 旗: when, where, for how many."""

FLAG_TAG: Final = "旗"

CONTEXT: Final[list[Any]] = [
    AS,
    "https://w3id.org/security/v1",
    {
        "Hashtag": "as:Hashtag",
        "sensitive": "as:sensitive",
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "movedTo": {"@id": "as:movedTo", "@type": "@id"},
        "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
        "toot": "http://joinmastodon.org/ns#",
        "discoverable": "toot:discoverable",
        "indexable": "toot:indexable",
        "votersCount": "toot:votersCount",
        "featured": {"@id": "toot:featured", "@type": "@id"},
        "featuredTags": {"@id": "toot:featuredTags", "@type": "@id"},
        "Emoji": "toot:Emoji",
        "blurhash": "toot:blurhash",
        "focalPoint": {"@id": "toot:focalPoint", "@container": "@list"},
        "webfinger": "https://purl.archive.org/socialweb/webfinger#webfinger",
        "schema": "http://schema.org#",
        "PropertyValue": "schema:PropertyValue",
        "value": "schema:value",
        "ostatus": "http://ostatus.org#",
        "conversation": "ostatus:conversation",
        "misskey": "https://misskey-hub.net/ns#",
        "_misskey_content": "misskey:_misskey_content",
        "_misskey_reaction": "misskey:_misskey_reaction",
        "_misskey_quote": "misskey:_misskey_quote",
        "quote": {"@id": "https://w3id.org/fep/044f#quote", "@type": "@id"},
        "quoteUri": "http://fedibird.com/ns#quoteUri",  # a text, like the next: Fedify refuses what has ids here
        "quoteUrl": "as:quoteUrl",
        "gts": "https://gotosocial.org/ns#",
        "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
        "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
        "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
        "interactingObject": {"@id": "gts:interactingObject", "@type": "@id"},
        "interactionTarget": {"@id": "gts:interactionTarget", "@type": "@id"},
        "quoteAuthorization": {"@id": "https://w3id.org/fep/044f#quoteAuthorization", "@type": "@id"},
        "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
        "QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest",
        "sec": "https://w3id.org/security#",
        "assertionMethod": {"@id": "sec:assertionMethod", "@type": "@id"},
        "Multikey": "sec:Multikey",
        "controller": {"@id": "sec:controller", "@type": "@id"},
        "publicKeyMultibase": {"@id": "sec:publicKeyMultibase", "@type": "sec:multibase"},
        "DataIntegrityProof": "sec:DataIntegrityProof",
        "proof": {"@id": "sec:proof", "@type": "@id", "@container": "@graph"},
        "cryptosuite": {"@id": "sec:cryptosuite", "@type": "sec:cryptosuiteString"},
        "verificationMethod": {"@id": "sec:verificationMethod", "@type": "@id"},
        "proofPurpose": {"@id": "sec:proofPurpose", "@type": "@vocab"},
        "proofValue": {"@id": "sec:proofValue", "@type": "sec:multibase"},
        "lemmy": "https://join-lemmy.org/ns#",
        "postingRestrictedToMods": "lemmy:postingRestrictedToMods",
        "removeData": "lemmy:removeData",
        "machi": NAMESPACE,
        "ChooseAnswer": "machi:ChooseAnswer",
        "questionAnswer": "machi:questionAnswer",
        "answer": "machi:answer",
    },
]
"""The one `@context` of everything we say; inline, because strict readers reject what they cannot load (§1.0)."""
