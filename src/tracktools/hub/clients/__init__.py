"""What each genome browser needs beside ``hub.txt``: sessions, bookmarks, links, one-file views."""
