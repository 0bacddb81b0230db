"""OAuth 2: how apps are let in. Registration, consent, tokens, revoking, and the document that says so."""
