"""Web Push: notices handed to the push services of members' devices (RFC 8030, 8291, 8292)."""
