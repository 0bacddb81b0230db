"""Pictures that members give the town: made safe and small (`pictures`), kept (`store`), and shown (`serving`)."""
