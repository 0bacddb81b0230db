"""What happens is told to apps while it happens: WebSocket and server-sent events (client-API reference §1.1).

An event becomes a small fact inside the transaction (`facts`), which after the commit goes to the hub of this process and
through `exchange` to those of the others. A hub works out once for each fact what its listeners are told (`telling`) and
hands the same bytes to all who are told the same.
"""
