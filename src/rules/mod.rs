//! What the ledger's truth means, one rule a file. Sees plain views; knows no ledger, no alert, no clock.
