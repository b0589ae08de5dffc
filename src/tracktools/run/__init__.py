"""The making of outputs: locked, continued, published whole or not at all; nothing of the user's is deleted.

`Run` for a command whose work is kept and continued, `output_folder` and `output_file` for one that writes in one go.
"""

from tracktools.run.checks import checked_before_publishing
from tracktools.run.identity import difference, is_complete
from tracktools.run.inputs import inputs_unchanged
from tracktools.run.listing import PROVENANCE_FILE, remove_output, without_list
from tracktools.run.output import check_disjoint, check_output
from tracktools.run.run import Policy, Run, drop_unfinished, output_file, output_folder, unfinished_identity

__all__ = [
    "PROVENANCE_FILE",
    "Policy",
    "Run",
    "check_disjoint",
    "check_output",
    "checked_before_publishing",
    "difference",
    "drop_unfinished",
    "inputs_unchanged",
    "is_complete",
    "output_file",
    "output_folder",
    "remove_output",
    "unfinished_identity",
    "without_list",
]
