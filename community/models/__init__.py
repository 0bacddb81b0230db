"""Every table of the community, one file per noun."""

from community.models.accounts import LOCAL, Account, Board, Learning, Member, Strength
from community.models.anonymity import AnonymousDraft, AnonymousThread
from community.models.doors import AccessToken, Invite, OneTimeLink, Submission, WebSession
from community.models.posts import Mention, Post, PostTag, Revision, Tag
from community.models.schema import Model
from community.models.ties import Follow, HomeEntry, Like, Notification, Thanks
from community.models.towns import DomainRule, SisterTown

__all__ = [
    "LOCAL", "AccessToken", "Account", "AnonymousDraft", "AnonymousThread", "Board", "DomainRule", "Follow",
    "HomeEntry", "Invite", "Learning", "Like", "Member", "Mention", "Model", "Notification", "OneTimeLink", "Post",
    "PostTag", "Revision", "SisterTown", "Strength", "Submission", "Tag", "Thanks", "WebSession",
]
