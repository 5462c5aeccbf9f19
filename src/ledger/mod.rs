//! What is true: the merge of all statements, and its settlement. Pure; knows no rule, no alert, no I/O.
