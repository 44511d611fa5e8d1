"""What differs between Linux, macOS and Windows: nobody else asks which system this is."""

from ganaug_core.storage.platform.files import (
    OPEN_FILES_CAN_GO,
    is_disk_full,
    link_or_copy,
    open_unfollowed,
    replace,
    sync_file,
    sync_folder,
    try_lock,
    widen_pipe,
)
from ganaug_core.storage.platform.names import is_device, is_legal_here, same_but_for_case
from ganaug_core.storage.platform.ports import is_port_taken
from ganaug_core.storage.platform.processes import (
    LIMITS_MEMORY,
    ask_to_end,
    confine,
    end,
    end_myself_after,
    end_tree,
    ending_in_words,
    lower_priority,
    memory_of,
    own_session,
    start_detached,
    was_killed,
)

__all__ = [
    "LIMITS_MEMORY",
    "OPEN_FILES_CAN_GO",
    "ask_to_end",
    "confine",
    "end",
    "end_myself_after",
    "end_tree",
    "ending_in_words",
    "is_device",
    "is_disk_full",
    "is_legal_here",
    "is_port_taken",
    "link_or_copy",
    "lower_priority",
    "memory_of",
    "open_unfollowed",
    "own_session",
    "replace",
    "same_but_for_case",
    "start_detached",
    "sync_file",
    "sync_folder",
    "try_lock",
    "was_killed",
    "widen_pipe",
]
