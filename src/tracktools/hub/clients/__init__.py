"""What each genome browser needs besides ``hub.txt``: sessions, bookmarks, links, one-file views."""
