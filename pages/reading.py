"""Reading room page: can people tell synthetic images from real ones, and do they read the class in both?"""

from ganaug_core.ui.pages.reading import reading_page, room

if reader := room.asked_reader():
    room.page(*reader)
else:
    reading_page.page()
