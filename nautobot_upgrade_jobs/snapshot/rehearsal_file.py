"""Read and write the record of a rehearsal, which later runs use."""

from ..facts.facts_file import FactsFile
from ..facts.rehearsal import RehearsalRecord

REHEARSAL_FILE = FactsFile(RehearsalRecord, "rehearsal")
