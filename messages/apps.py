from django.apps import AppConfig


class MessagesConfig(AppConfig):
    name = "messages"
    label = "messaging"  # django.contrib.messages already has the label "messages"
    verbose_name = "Messages"
