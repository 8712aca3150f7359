"""The words of links in mails and of the pages that they open, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from loyalty.domain.program.kinds import SurveyKind
from loyalty.domain.program.locales import best_locale


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """The words of the pages in one language; `ends` are those of each kind of survey's scale."""

    stop_mail: str
    unsubscribe: str
    unsubscribed: str
    no_more_mail: str
    comment: str
    send: str
    thanks: str
    answered: str
    ends: Mapping[SurveyKind, tuple[str, str]]


PHRASES: Final[Mapping[str, Phrases]] = {
    "en": Phrases(
        stop_mail="No more mail from {program}?",
        unsubscribe="Unsubscribe",
        unsubscribed="You are unsubscribed",
        no_more_mail="We will not write to you again. Your {points} stay yours.",
        comment="Anything you would like to tell us?",
        send="Send",
        thanks="Thank you",
        answered="We have your answer.",
        ends={
            "nps": ("not at all likely", "extremely likely"),
            "csat": ("very dissatisfied", "very satisfied"),
        },
    ),
    "de": Phrases(
        stop_mail="Keine E-Mails mehr von {program}?",
        unsubscribe="Abmelden",
        unsubscribed="Sie sind abgemeldet",
        no_more_mail="Wir schreiben Ihnen nicht mehr. Ihre {points} behalten Sie.",
        comment="Möchten Sie uns noch etwas mitteilen?",
        send="Absenden",
        thanks="Vielen Dank",
        answered="Ihre Antwort ist angekommen.",
        ends={
            "nps": ("sehr unwahrscheinlich", "sehr wahrscheinlich"),
            "csat": ("sehr unzufrieden", "sehr zufrieden"),
        },
    ),
    "fr": Phrases(
        stop_mail="Ne plus recevoir d'e-mails de {program} ?",
        unsubscribe="Se désabonner",
        unsubscribed="Vous êtes désabonné",
        no_more_mail="Nous ne vous écrirons plus. Vous conservez vos {points}.",
        comment="Souhaitez-vous nous dire autre chose ?",
        send="Envoyer",
        thanks="Merci",
        answered="Nous avons bien reçu votre réponse.",
        ends={
            "nps": ("pas du tout probable", "très probable"),
            "csat": ("très insatisfait", "très satisfait"),
        },
    ),
    "es": Phrases(
        stop_mail="¿No quiere recibir más correos de {program}?",
        unsubscribe="Darse de baja",
        unsubscribed="Se ha dado de baja",
        no_more_mail="No volveremos a escribirle. Conserva sus {points}.",
        comment="¿Quiere decirnos algo más?",
        send="Enviar",
        thanks="Gracias",
        answered="Hemos recibido su respuesta.",
        ends={
            "nps": ("nada probable", "muy probable"),
            "csat": ("muy insatisfecho", "muy satisfecho"),
        },
    ),
    "it": Phrases(
        stop_mail="Non vuole più ricevere e-mail da {program}?",
        unsubscribe="Annulla iscrizione",
        unsubscribed="Iscrizione annullata",
        no_more_mail="Non le scriveremo più. I suoi {points} restano suoi.",
        comment="Vuole dirci qualcos'altro?",
        send="Invia",
        thanks="Grazie",
        answered="Abbiamo ricevuto la sua risposta.",
        ends={
            "nps": ("per niente probabile", "molto probabile"),
            "csat": ("molto insoddisfatto", "molto soddisfatto"),
        },
    ),
    "nl": Phrases(
        stop_mail="Geen e-mails meer van {program}?",
        unsubscribe="Afmelden",
        unsubscribed="U bent afgemeld",
        no_more_mail="Wij schrijven u niet meer. U behoudt uw {points}.",
        comment="Wilt u ons nog iets vertellen?",
        send="Versturen",
        thanks="Bedankt",
        answered="Wij hebben uw antwoord ontvangen.",
        ends={
            "nps": ("zeer onwaarschijnlijk", "zeer waarschijnlijk"),
            "csat": ("zeer ontevreden", "zeer tevreden"),
        },
    ),
}


def phrases_in(locale: str | None) -> Phrases:
    """The phrases in a locale's language, or else in English."""
    return PHRASES[best_locale(PHRASES, locale) or "en"]
