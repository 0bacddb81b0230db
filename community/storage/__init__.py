"""How units of work reach the database engines and come back. Everybody else knows `community.db` alone."""
