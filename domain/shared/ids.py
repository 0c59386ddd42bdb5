"""Identifiers of things, one type each, so that a document's id cannot be passed as an entity's."""

from typing import NewType
from uuid import UUID

UserId = NewType("UserId", UUID)
SessionId = NewType("SessionId", UUID)
ApiKeyId = NewType("ApiKeyId", UUID)
ExternalIdentityId = NewType("ExternalIdentityId", UUID)
EntityId = NewType("EntityId", UUID)
RelationshipId = NewType("RelationshipId", UUID)
DocumentId = NewType("DocumentId", UUID)
ChunkId = NewType("ChunkId", UUID)
JobId = NewType("JobId", UUID)
JobItemId = NewType("JobItemId", UUID)
GraphJobId = NewType("GraphJobId", UUID)
MergeId = NewType("MergeId", UUID)
EventId = NewType("EventId", UUID)
