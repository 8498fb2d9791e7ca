"""Letters, handed to the mail server of the settings."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage

from ivr.console.alert_settings import AlertSettings


class NotDelivered(Exception):
    """A message was not taken; the text says why."""


def send(letter: EmailMessage, rules: AlertSettings) -> None:
    """Hand the letter to the server. It takes time: not for the event loop. Raises
    NotDelivered."""
    where = rules.smtp_host, rules.smtp_port
    tls = ssl.create_default_context()
    try:
        with (
            smtplib.SMTP_SSL(*where, timeout=rules.timeout_s, context=tls)
            if rules.smtp_security == "tls"
            else smtplib.SMTP(*where, timeout=rules.timeout_s)
        ) as server:
            if rules.smtp_security == "starttls":
                server.starttls(context=tls)
            if rules.smtp_user:
                server.login(rules.smtp_user, rules.smtp_password.get_secret_value())
            server.send_message(letter)
    except (smtplib.SMTPException, OSError) as failure:
        raise NotDelivered(f"{type(failure).__name__}: {failure}") from failure
