# SPDX-License-Identifier: Apache-2.0
"""Make anew `portrait_core/words/tables/known.txt`: common words that must not be taken for misspelt ones.

    python -m benchmarks.words_known american-english-small british-english-small

The files are word lists of one word a line, such as those of SCOWL, size 50 (Debian: wamerican-small, wbritish-small).
Of them are kept the words that would be corrected otherwise, so run it after the table has grown. German ones are
written by hand at the end of this file.
"""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

from portrait_core.words import lexicon, spelling
from portrait_core.words.forms import LANGUAGES, forms_of
from portrait_core.words.tokens import plain

NOTICE = """\
# Words that mean nothing to the table, each one letter away from one that does: they are not taken for misspelt ones.
# Made by `python -m benchmarks.words_known` of the lists american-english-small and british-english-small of SCOWL:
#   Copyright 2000-2011 by Kevin Atkinson. Permission to use, copy, modify, distribute and sell these word lists, the
#   associated scripts, the output created from the scripts, and its documentation for any purpose is hereby granted
#   without fee, provided that the above copyright notice appears in all copies and that both that copyright notice and
#   this permission notice appear in supporting documentation. Kevin Atkinson makes no representations about the
#   suitability of this array for any purpose. It is provided "as is" without express or implied warranty.
"""

COARSE = """
anus arse ass asses bitch bitchy cock cocks cunt dick dicks fag fags fuck shit shitty tit tits whore slut cum crap piss
wank bugger turd twat prick pricks rape rapes raped rapist bum bums hell
"""
"""Left out, though they are words."""

LIKELIER = "moth moths bard bards glaze"
"""Left out too: before a face they are mouth, Bart (beard) and Glatze (bald)."""

GERMAN = """
abend aber achse achten acker affe ahnen alle allee aller alles alm amt ander anders angeln anruf ansatz arbeit art
ast atem bach bahn balken ball bande bank bauer baum becher beere beginn beil bein bekannt bemalt bereit berg beste
bett beugen biene bier bild binde birne bitte blatt blech blick block blume blut boden bogen boot bord brand brauch
brei brief brot bruch brunnen buch bude bunker burg busch butter dach damm dampf dank darm dauer decke degen deich
denken dichter dieb ding dorf draht dreck duft dunst durch ebene ecke edel ehe ehre eimer eisen engel ente erbe erde
ernte esel essen faden fahne fahrt fall falle farbe fass feld fell fels fenster ferien ferne fest feuer filz fisch
flamme flasche fleck flug fluss form fracht frage frau freude frist frost fuchs gabe gabel gang gans garten gasse gast
geben geist geld gericht gern geruch gesang gesetz gewicht gift gitter glanz glas glauben glocke gnade grab gras
grenze griff grube grund gruppe gurt gut haben hafen hafer hagel hahn hain halle halm halt hammer handel harz hase
hass hast haube haus heben hecke heft heide heil heim heiss held helfen herbst herde hering herz heu heute hilfe
himmel hirsch hirte hof holz horn huf huhn hund hunger jagd jahr kabel kahn kaiser kalb kalk kamm kampf kanal kanne
kante kasten kater katze kauf kehle keim keller kern kessel kiel kies kirche kissen kiste klage klang klappe klasse
klee klinge klippe kloster knall knie koch koffer kohl kohle komm konto kopf korb korn kraft kragen kran kranz kreide
kreis kreuz krieg krone krug kuchen kugel kuh kunst kur kuss lachs lack lade lager lamm lampe land last laube lauf
laut leben leder leer legen lehm lehre leib leid leim leise leiste leiter lesen letzt leute liebe lied liege linie
list lob loch lohn los luft lust macht magen mahl mai mal maler mangel masse mast matte mauer maus meer mehl meile
meise menge messe messer miete milch mist mitte mode mond moor moos morgen motte mueller mut mutter nacht nagel nahe
name napf narr natur nebel neid nest netz neu niere nord not note nuss ober obst ofen ohne onkel ort ost paar pacht
pakt palast pass pech pelz pfad pfanne pfeffer pfeil pferd pflicht pflug pfund pilz platz post preis probe puder puls
pult qual quelle rabe rad rahmen rand rang rasen rast rat ratte raub rauch raum rebe recht rede regal regen reh reich
reif reihe reim reise reiter rest ried riese rind rinde ritter rock rohr rolle rose rost ruder ruf ruhe ruhm rum runde
saal saat sache sack saft sage sahne salat salbe salz sanft sarg satt sattel satz sau saum schach schaf schale scham
schar schatten schatz schau schaum schein schere schicht schiff schild schlacht schlaf schlag schlamm schlange
schlauch schlecht schleife schloss schluss schmerz schmied schnee schnell schnitt schnur schrank schrei schrift
schritt schuh schuld schule schuss schutz schwan schwanz schwein schwelle schwer schwert see segel segen sehne seife
seil seite sicht sieg signal sinn sitte sitz sohle sommer sonne sorge spalt spass speck speer spiegel spiel spinne
sport sprache sprung spur staat stab stadt stahl stall stamm stand stange start staub steg steig stein stelle stern
steuer stich stiel stier stift stille stock stoff stolz strafe strand strasse strauch strecke streit stroh strom stube
stueck stufe stuhl sturm stute sucht sumpf suppe tafel tag takt tal tanne tante tanz taube tausch teich teig teil
teller tempel tier tinte tisch titel tod ton topf tor torte trank traube trauer traum treppe treue trick trieb tritt
trommel tropfen trost trotz tuch tugend turm ufer uhr unfall ungern unten urlaub urteil vase verein vers vieh volk
vorhang waage wache wachs waesche waffe wagen wahl wald wall wand ware warm wasser watte weber wechsel weg weib weide
wein weise weizen welt werk wert wesen wette wetter wicht wiese wild wille wind winkel winter wirt wissen witz woche
wolf wolke wort wunde wunder wunsch wurf wurm wurst wut zahl zange zaun zeche zeh zeichen zeit zelle zelt zeuge ziege
ziegel ziel zimmer zins zoll zorn zucht zucker zug zunge zweck zweig
"""


def known(words: set[str]) -> list[str]:
    """Those of ``words`` that are not in the table and would be corrected to something in it."""
    table = lexicon.lexicon()
    unknown = {
        word
        for word in words
        if not any(form.word in table.vocabulary[each] for each in LANGUAGES for form in forms_of(word, each))
    }
    return sorted(word for word in unknown if any(spelling.near(word, language) for language in LANGUAGES))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("lists", nargs="+", type=Path)
    listed = {line for path in parser.parse_args().lists for line in path.read_text(encoding="utf-8").split("\n")}
    words = {plain(word) for word in {*listed, *GERMAN.split()} if word.isalpha()} - {
        *COARSE.split(),
        *LIKELIER.split(),
    }
    text = textwrap.fill(" ".join(known(words)), 120, break_long_words=False, break_on_hyphens=False)
    place = lexicon.FOLDER / lexicon.KNOWN
    place.write_text(f"{NOTICE}{text}\n", encoding="utf-8")
    print(f"{place}: {len(text.split())} words")


if __name__ == "__main__":
    main()
