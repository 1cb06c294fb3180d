# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong and what to do."""

from __future__ import annotations

FAILURES: dict[str, str] = {
    "The engine did not understand the add-on": "Der Motor hat das Add-on nicht verstanden",
    "Update the add-on and set up the engine again, so that both have the same version.": (
        "Das Add-on aktualisieren und den Motor neu einrichten, damit beide dieselbe Version haben."
    ),
    "This engine cannot do that": "Das kann dieser Motor nicht",
    "Set up the engine again in the preferences: it is older than the add-on.": (
        "Den Motor in den Einstellungen neu einrichten: Er ist älter als das Add-on."
    ),
    "Engine and add-on do not match": "Motor und Add-on passen nicht zusammen",
    "Open the preferences, remove the engine and set it up again; the right one is inside the add-on.": (
        "In den Einstellungen den Motor entfernen und neu einrichten; der richtige steckt im Add-on."
    ),
    "That setting cannot work": "Diese Einstellung kann nicht gehen",
    "Change the setting that the message names, then try again.": (
        "Die genannte Einstellung ändern und noch einmal versuchen."
    ),
    "The model cannot be used": "Das Modell ist nicht zu gebrauchen",
    "Choose another model, or check the model folder in the preferences.": (
        "Ein anderes Modell wählen oder den Modellordner in den Einstellungen prüfen."
    ),
    "The job was cancelled": "Die Arbeit wurde abgebrochen",
    "Nothing was changed. Start again whenever you like.": "Nichts wurde geändert. Jederzeit neu starten.",
    "The disk is full": "Der Datenträger ist voll",
    "Make room or choose another folder, then try again.": (
        "Platz schaffen oder einen anderen Ordner wählen, dann noch einmal versuchen."
    ),
    "A file or folder is not yours to write": "In eine Datei oder einen Ordner darf nicht geschrieben werden",
    "Choose another folder, or close the program that has the file open.": (
        "Einen anderen Ordner wählen oder das Programm schließen, das die Datei offen hat."
    ),
    "Not enough memory": "Nicht genug Arbeitsspeicher",
    "Lower the texture size or the face count, choose the device CPU, or close other programs.": (
        "Texturgröße oder Zahl der Flächen senken, als Gerät CPU wählen oder andere Programme schließen."
    ),
    "The engine made a mistake": "Der Motor hat einen Fehler gemacht",
    "Try once more. If it happens again, press Copy Report and send it to us.": (
        "Noch einmal versuchen. Wenn es wieder geschieht, „Bericht kopieren“ drücken und ihn uns schicken."
    ),
    "The engine ended unexpectedly": "Der Motor hat unerwartet aufgehört",
    "It starts again by itself with the next job. If it happens again, lower texture size and faces, or press Copy "
    "Report and send it to us.": (
        "Er startet mit der nächsten Arbeit von selbst. Wenn es wieder geschieht, Texturgröße und Flächen senken oder "
        "„Bericht kopieren“ drücken und ihn uns schicken."
    ),
    "The engine stopped answering": "Der Motor antwortet nicht mehr",
    "It has been ended and starts again with the next job. If it happens again, choose the device CPU in the "
    "preferences, or press Copy Report and send it to us.": (
        "Er wurde beendet und startet mit der nächsten Arbeit neu. Wenn es wieder geschieht, in den Einstellungen als "
        "Gerät CPU wählen oder „Bericht kopieren“ drücken und ihn uns schicken."
    ),
    "This took too long": "Das hat zu lange gedauert",
    "Try again. If the computer was busy or asleep, nothing is wrong.": (
        "Noch einmal versuchen. War der Rechner beschäftigt oder im Ruhezustand, ist alles in Ordnung."
    ),
    "The engine does not start": "Der Motor startet nicht",
    "Open the preferences and press Check Engine. If that fails, remove the engine and set it up again.": (
        "In den Einstellungen „Motor prüfen“ drücken. Hilft das nicht, den Motor entfernen und neu einrichten."
    ),
    "There is no engine yet": "Es gibt noch keinen Motor",
    "Open the preferences and press Set Up Engine.": "In den Einstellungen „Motor einrichten“ drücken.",
    "The engine was ended": "Der Motor wurde beendet",
    "Start the job again.": "Die Arbeit neu starten.",
    "Start the work again.": "Die Arbeit neu starten.",
    "No connection to the package server": "Keine Verbindung zum Paketserver",
    "Check the internet connection, then press Set Up Engine again: what was downloaded is kept. Without a connection, "
    "choose a folder of wheels in the preferences.": (
        "Die Internetverbindung prüfen und wieder „Motor einrichten“ drücken: Das Heruntergeladene bleibt. Ohne "
        "Verbindung in den Einstellungen einen Ordner mit Wheels wählen."
    ),
    "Blender may not go online": "Blender darf nicht ins Internet",
    "Allow it in Edit > Preferences > System > Network > Allow Online Access, or choose a folder of wheels.": (
        "Unter Bearbeiten > Einstellungen > System > Netzwerk > Internetzugriff erlauben, oder einen Ordner mit Wheels "
        "wählen."
    ),
    "A proxy or a firewall refused the connection": "Ein Proxy oder eine Firewall hat die Verbindung abgelehnt",
    "Ask whoever looks after your network for pip's proxy or certificate settings (pip config), then press Set Up "
    "Engine again. pip's own settings are used as they are.": (
        "Wer das Netz betreut, kennt die Proxy- oder Zertifikatseinstellungen für pip (pip config); danach wieder "
        "„Motor einrichten“ drücken. pips eigene Einstellungen gelten unverändert."
    ),
    "A part of the engine is not made for this Python": "Ein Teil des Motors ist nicht für dieses Python gemacht",
    "Install Python 3.11 or 3.12 (64 bit) from python.org, choose it in the preferences, then try again.": (
        "Python 3.11 oder 3.12 (64 Bit) von python.org installieren, in den Einstellungen wählen und noch einmal "
        "versuchen."
    ),
    "No suitable Python was found": "Kein passendes Python gefunden",
    "Install Python 3.11 or 3.12 (64 bit) from python.org, then press Set Up Engine again.": (
        "Python 3.11 oder 3.12 (64 Bit) von python.org installieren und wieder „Motor einrichten“ drücken."
    ),
    "A path is too long for Windows": "Ein Pfad ist zu lang für Windows",
    "Choose a short engine folder in the preferences, such as C:\\Portraitkit, then try again.": (
        "In den Einstellungen einen kurzen Ordner für den Motor wählen, etwa C:\\Portraitkit, und neu versuchen."
    ),
    "Another program holds a file of the engine": "Ein anderes Programm hält eine Datei des Motors fest",
    "Close other Blender windows, wait until the virus scanner is done, then try again.": (
        "Andere Blender-Fenster schließen, warten, bis der Virenscanner fertig ist, und noch einmal versuchen."
    ),
    "The engine could not be set up": "Der Motor ließ sich nicht einrichten",
    "Press Set Up Engine again; finished steps are kept. If it fails again, press Copy Report and send it to us.": (
        "Wieder „Motor einrichten“ drücken; fertige Schritte bleiben. Geht es wieder nicht, „Bericht kopieren“ drücken "
        "und ihn uns schicken."
    ),
    # reports and the dialog
    "Show what failed last, and what to do about it": "Zeigen, was zuletzt schiefging und was dagegen hilft",
    "Copy Report": "Bericht kopieren",
    "Copy versions, device, the error and the end of the log to the clipboard, without private paths": (
        "Versionen, Gerät, Fehler und Ende des Protokolls in die Zwischenablage kopieren, ohne private Pfade"
    ),
    "Copy what is known about this failure to the clipboard, for a bug report": (
        "Was über diesen Fehler bekannt ist in die Zwischenablage kopieren, für eine Fehlermeldung"
    ),
    "The report is on the clipboard": "Der Bericht ist in der Zwischenablage",
    "Portraitkit report": "Portraitkit-Bericht",
    "Dismiss": "Verwerfen",
    "Take this message away": "Diese Meldung wegnehmen",
    "Open Log": "Protokoll öffnen",
    "Show the log of the engine": "Das Protokoll des Motors zeigen",
    "All is well": "Alles in Ordnung",
    "Look at the log for the reason.": "Der Grund steht im Protokoll.",
    "Open the log for the reason of each.": "Die Gründe stehen im Protokoll.",
    "Copy the report and tell the makers of the add-on.": (
        "Den Bericht kopieren und an die Entwickler des Add-ons schicken."
    ),
    "Portraitkit did not start whole": "Portraitkit ist nicht ganz gestartet",
    "Install the add-on again;": "Das Add-on neu installieren;",
    "if it stays, send us the report.": "bleibt es dabei, uns den Bericht schicken.",
    # the engine's client, with values
    "{what} failed: {reason}": "{what} ist gescheitert: {reason}",
    "{what}: there is not enough memory. Close something and try again.": (
        "{what}: Der Arbeitsspeicher reicht nicht. Etwas schließen und noch einmal versuchen."
    ),
    "{what}: cancelled.": "{what}: abgebrochen.",
    "The engine was restarted.": "Der Motor wurde neu gestartet.",
    "The engine was ended because another job did not stop.": (
        "Der Motor wurde beendet, weil eine andere Arbeit nicht aufhörte."
    ),
    "{request} cannot be sent: {reason}": "{request} kann nicht gesendet werden: {reason}",
    "{request} took longer than {seconds} seconds.": "{request} dauerte länger als {seconds} Sekunden.",
    "{request} was cancelled.": "{request} wurde abgebrochen.",
    "The engine ended: {how}.": "Der Motor hat aufgehört: {how}.",
    "exit status {status}": "Endestatus {status}",
    "it closed its output": "er schloss seine Ausgabe",
    "ended by the signal {name}": "durch das Signal {name} beendet",
    "ended by the signal {name}, often because memory ran out": (
        "durch das Signal {name} beendet, oft weil der Speicher ausging"
    ),
    "error {code}": "Fehler {code}",
    "{reason} It was started {count} times.": "{reason} Er wurde {count}-mal gestartet.",
    "The engine speaks protocol {engine}, this add-on speaks {addon}.": (
        "Der Motor spricht Protokoll {engine}, dieses Add-on spricht {addon}."
    ),
    "The engine said nothing for {seconds} seconds.": "Der Motor hat {seconds} Sekunden lang nichts gesagt.",
    "The engine has not answered for {seconds} seconds.": "Der Motor hat {seconds} Sekunden lang nicht geantwortet.",
    "The engine did not finish within {seconds} seconds.": (
        "Der Motor wurde nicht innerhalb von {seconds} Sekunden fertig."
    ),
    "That does not go with the scene as it is": "Das geht mit der Szene nicht, wie sie ist",
    "Change the scene as the message says, then try again.": (
        "Die Szene ändern, wie die Meldung sagt, und noch einmal versuchen."
    ),
    "The file cannot be used": "Die Datei ist nicht zu gebrauchen",
    "Choose another file, or make it again.": "Eine andere Datei wählen oder sie noch einmal machen.",
    "The part “{part}” failed: {reason}": "Der Teil „{part}“ ist gescheitert: {reason}",
    "Start the engine first.": "Zuerst den Motor starten.",
    "There is no log yet; it will be {path}.": "Es gibt noch kein Protokoll; es wird {path}.",
    "Import it by “portrait models import” on the command line, then choose the model it becomes.": (
        "Auf der Befehlszeile mit „portrait models import“ einlesen und dann das Modell wählen, das daraus wird."
    ),
    "Choose another model in the Create panel; its menu lists those that are there.": (
        "Im Feld „Erzeugen“ ein anderes Modell wählen; das Menü zeigt, welche es gibt."
    ),
    "Choose the device {device} in the add-on's preferences.": (
        "In den Einstellungen des Add-ons das Gerät {device} wählen."
    ),
    "Set “{field}” to “{value}” in the Create panel.": ("Im Feld „Erzeugen“ „{field}“ auf „{value}“ stellen."),
    "Tick Replace File, or choose another name.": "„Datei ersetzen“ ankreuzen oder einen anderen Namen wählen.",
    "Say which mesh is meant: {names}.": "Sagen, welches Mesh gemeint ist: {names}.",
    "Say which UV map is meant: {maps}.": "Sagen, welche UV-Map gemeint ist: {maps}.",
    "Choose another format, such as .glb, or install the package bpy beside the engine.": (
        "Ein anderes Format wählen, etwa .glb, oder neben dem Motor das Paket bpy installieren."
    ),
    "Save the file, or choose another path.": "Die Datei speichern oder einen anderen Pfad wählen.",
    "{path} is beside the .blend file, and this file was never saved.": (
        "{path} liegt neben der .blend-Datei, und diese Datei wurde nie gespeichert."
    ),
    "Install {package} beside the engine: its Python is named in the add-on's preferences.": (
        "Neben dem Motor {package} installieren: Sein Python steht in den Einstellungen des Add-ons."
    ),
    "Choose a level below {below}.": "Eine Stufe unter {below} wählen.",
    "Press Check Engine in the add-on's preferences.": "In den Einstellungen des Add-ons „Motor prüfen“ drücken.",
    "Name the folder of assets by the environment variable {variable}.": (
        "Den Ordner mit den Vorlagen in der Umgebungsvariablen {variable} nennen."
    ),
    "Give each avatar a name of its own.": "Jedem Avatar einen eigenen Namen geben.",
    "Wait until that is done, or choose another folder.": (
        "Warten, bis das fertig ist, oder einen anderen Ordner wählen."
    ),
    "Wait until that is done. If it was killed, choose another folder.": (
        "Warten, bis das fertig ist. Wurde es abgebrochen, einen anderen Ordner wählen."
    ),
    "Lower the texture size or the face count, or close other programs.": (
        "Texturgröße oder Zahl der Flächen senken oder andere Programme schließen."
    ),
    "Lower the texture size or the face count.": "Texturgröße oder Zahl der Flächen senken.",
    "Say how many frames a second it was recorded with, in the file window's settings.": (
        "In den Einstellungen des Dateifensters sagen, mit wie vielen Bildern pro Sekunde sie aufgenommen wurde."
    ),
    "Say what its numbers are under Units in the file window's settings, such as {units}.": (
        "In den Einstellungen des Dateifensters unter „Einheiten“ sagen, was ihre Zahlen sind, etwa {units}."
    ),
    "Say who is meant under Person in the file window's settings: {names}.": (
        "In den Einstellungen des Dateifensters unter „Person“ sagen, wer gemeint ist: {names}."
    ),
    "The engine is the older of the two: press Remove Engine in the preferences, then Set Up Engine.": (
        "Der Motor ist der ältere von beiden: In den Einstellungen „Motor entfernen“ drücken, dann „Motor einrichten“."
    ),
    "The add-on is the older of the two: install the new add-on's zip, which brings its engine along.": (
        "Das Add-on ist das ältere von beiden: Das Zip des neuen Add-ons installieren, das seinen Motor mitbringt."
    ),
    "This engine does not know the recipe's “{names}”.": "Dieser Motor kennt „{names}“ aus dem Rezept nicht.",
}
