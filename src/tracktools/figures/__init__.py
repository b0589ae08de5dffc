"""Pictures that several verbs draw."""
