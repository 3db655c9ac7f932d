//! Who acts and what is done, by language, as data for `promise`.
//!
//! `own`: the assistant itself, never allowed. `done`: something was done or is under way for the
//! reader. `will`: somebody announces it; `become`: it is announced without saying by whom. `we`: the
//! company is the subject; `passive`: nobody is. Actions are families of verbs.

use super::phrase::Rows;

pub(super) const SPEAKERS: Rows = &[
    (
        "en",
        "own",
        "let me|on your behalf|for you now|right away for you|consider it done|all done|done for you|taken care of|rest assured|leave it to me|allow me|you have my word|you are all set|you're all set",
    ),
    (
        "en",
        "done",
        "we have|we've|we have already|we already|we just|we are now|we're now|we are currently|we're currently|has been|have been|is being|are being|is now|are now|has already been|is on its way|is on the way|was successfully|has successfully|have successfully|was just|your request was|your order was|your refund was",
    ),
    (
        "en",
        "will",
        "we will|we'll|we are going to|we're going to|we shall|we would|you will receive|you'll receive|you will get|you'll get|a colleague will|our team will|the team will|someone will|somebody will|an agent will|a manager will|our colleague will|our colleagues will|a specialist will|support will|our staff will|we are happy to|we promise|we guarantee|we can",
    ),
    ("en", "become", "will be"),
    ("en", "we", "we|us|our|you receive|you get"),
    ("en", "passive", "is|are|be|was|were"),
    (
        "de",
        "own",
        "gerne erledige|wird erledigt|ist erledigt|schon erledigt|verlassen sie sich darauf|in ihrem namen|lassen sie mich",
    ),
    (
        "de",
        "done",
        "wir haben|haben wir|wurde|wurden|worden|wird gerade|werden gerade|ist bereits|sind bereits|wurde soeben|ist jetzt|ist unterwegs|wir sind gerade|bereits erfolgt|ist nun|wurde bereits",
    ),
    ("de", "become", "wird|werden"),
    (
        "de",
        "will",
        "wir werden|werden wir|wird ihnen|werden ihnen|ein kollege wird|eine kollegin wird|ein mitarbeiter wird|unser team wird|jemand wird|wir versprechen|wir garantieren|sie werden|meldet sich|ruft sie|wird sie",
    ),
    ("de", "we", "wir|uns|unser*|sie erhalten|sie bekommen"),
    ("de", "passive", "geht|gehen|erfolgt"),
    (
        "lv",
        "own",
        "atcēlu|nosūtīju|atmaksāju|esmu|nosūtīšu|atcelšu|atmaksāšu|pārbaudīšu|palīdzēšu|noformēšu|sazināšos|izveidoju|izveidošu|pieteikšu|piezvanīšu|nomainīšu|nomainīju|pagarināju|pagarināšu|piešķiru|piešķiršu|rezervēju|rezervēšu|uzrakstīšu|noorganizēšu|reģistrēju|reģistrēšu|ieskaitīju|ieskaitīšu|ļaujiet man|jūsu vārdā|viss nokārtots|jau nokārtots|varu",
    ),
    (
        "lv",
        "done",
        "mēs esam|esam jau|jau esam|esam|ir atcelts|ir atcelta|ir nosūtīts|ir nosūtīta|ir atmaksāta|ir atmaksāts|ir ieskaitīta|ir noformēta|ir noformēts|ir piešķirta|ir piešķirts|ir pagarināts|ir nomainīta|ir nomainīts|ir rezervēts|ir izveidots|tiek apstrādāts|tiek apstrādāta|tika|jau tiek|ir ceļā|ir atcelti|ir atcelta|ir apstiprināta|ir apstiprināts|ir reģistrēts|ir reģistrēta",
    ),
    ("lv", "become", "tiks"),
    (
        "lv",
        "will",
        "mēs jums|mēs|kolēģis|kolēģe|mūsu komanda|darbinieks|speciālists|apsolām|garantējam|jums tiks|saņemsiet|sazināsies|piezvanīs",
    ),
    (
        "lv",
        "we",
        "mēs|mums|mūsu|saņemsiet|nosūtām|atmaksājam|pagarinām|bloķējam|atcelam|reģistrējam|atsūtīsim|uzrakstām|pievienojam|noskaidrosim|pieņemam|mainām|sūtām|varam",
    ),
    ("lv", "passive", "tiek|saņem"),
    ("fr", "done", "nous avons|a été|ont été|est en cours"),
    (
        "fr",
        "will",
        "nous allons|nous vous|un collègue va|notre équipe va|vous recevrez|sera|seront",
    ),
    ("fr", "we", "nous|notre|est|sont"),
    ("es", "done", "hemos|ha sido|han sido|está siendo"),
    ("es", "will", "vamos a|le enviaremos|un compañero|nuestro equipo|recibirá|será|serán"),
    ("es", "we", "nosotros|nuestro|se|es|son"),
    ("ru", "own", "отменил|вернул|отправил|отправлю|отменю|верну|оформлю|оформил"),
    ("ru", "done", "мы уже|мы отменили|мы вернули|мы отправили|был|была|было|были|уже"),
    ("ru", "will", "мы|мы вам|будет|будут|наш сотрудник|коллега|специалист"),
    ("ru", "we", "мы|нас|нам|наш*"),
];

pub(super) const ACTIONS: Rows = &[
    (
        "en",
        "refund",
        "refund*|reimburs*|paid back|pay back|money back|repaid|repay|return your money|credit*",
    ),
    ("en", "cancel", "cancel*|void*"),
    (
        "en",
        "send",
        "send*|sent|ship*|dispatch*|mail*|email*|post*|deliver*|forward*|resend*|resent|reissu*",
    ),
    (
        "en",
        "contact",
        "call*|contact*|phone*|reach*|get back|get in touch|inform*|notif*|write|respond*|reply|replies|follow up",
    ),
    ("en", "change", "chang*|updat*|edit*|modif*|correct*|amend*|adjust*|switch*"),
    ("en", "extend", "extend*|prolong*|renew*"),
    (
        "en",
        "create",
        "creat*|open*|register*|book*|reserv*|schedul*|arrang*|set up|log*|submit*|filed|file|plac*",
    ),
    (
        "en",
        "process",
        "process*|handl*|approv*|complet*|resolv*|confirm*|escalat*|look into|check*|investigat*|fix*|arrange*|accept*|initiat*",
    ),
    (
        "en",
        "give",
        "giv*|grant*|offer*|apply|applied|add*|waiv*|issu*|award*|compensat*|provide*|upgrad*",
    ),
    ("en", "replace", "replac*|exchang*|swap*|repair*"),
    ("en", "delete", "delet*|remov*|block*|unlock*|reset*|eras*"),
    ("en", "pickup", "pick up|pick it up|collect*|transfer*|pass*|hand*"),
    (
        "de",
        "refund",
        "erstatt*|zurückerstatt*|überweis*|überwies*|zurückzahl*|zurückgezahlt|gutgeschrieben|gutschreib*|rückerstattung*",
    ),
    ("de", "cancel", "stornier*|storno|gekündigt|annullier*|abgesagt"),
    (
        "de",
        "send",
        "send*|gesendet|versand*|versend*|schick*|geschickt|verschick*|zusenden|zugesandt|zuschicken|liefern|geliefert|weitergeleitet|weiterleiten",
    ),
    (
        "de",
        "contact",
        "anrufen|angerufen|ruft|kontaktier*|melden|meldet|gemeldet|zurückrufen|benachrichtig*|informier*|in verbindung",
    ),
    (
        "de",
        "change",
        "änder*|geänder*|aktualisier*|korrigier*|angepasst|anpassen|umgestellt|bearbeit*",
    ),
    ("de", "extend", "verläng*"),
    (
        "de",
        "create",
        "erstell*|angelegt|anlegen|eröffn*|registrier*|reservier*|gebucht|buchen|vereinbart|eingereicht|veranlass*|aufgegeben|eingeleitet",
    ),
    (
        "de",
        "process",
        "genehmig*|bestätig*|geprüft|prüfen|erledigt|erledigen|abgeschlossen|eskalier*|kümmern",
    ),
    ("de", "give", "gewähr*|gutschein|schenk*|hinzugefügt|hinzufügen|angeboten|anbieten|erlassen"),
    ("de", "replace", "ersetz*|umgetauscht|umtauschen|ausgetauscht|austauschen|repar*"),
    ("de", "delete", "gelöscht|löschen|gesperrt|sperren|entsperr*|zurückgesetzt|entfernt"),
    ("lv", "refund", "atmaks*|ieskait*|pārskait*|naudas atmaks*"),
    ("lv", "cancel", "atcel*|atcēl*|anul*"),
    ("lv", "send", "nosūt*|atsūt*|izsūt*|piegād*|pārsūt*|sūt*"),
    ("lv", "contact", "sazinā*|piezvan*|zvan*|uzrakst*|informē*|paziņo*|atbild*"),
    ("lv", "change", "nomain*|main*|labo*|atjaun*|izlabo*"),
    ("lv", "extend", "pagarin*"),
    ("lv", "create", "izveido*|reģistrē*|rezervē*|noformē*|piete*|atvēr*|noorganizē*"),
    ("lv", "process", "apstrādā*|apstiprin*|pārbaud*|noskaidro*|nokārto*|atrisin*|izskat*"),
    ("lv", "give", "piešķir*|dāvin*|pievieno*|kompensē*|piedāvā*"),
    ("lv", "replace", "apmain*|samain*|salabo*|aizstā*"),
    ("lv", "delete", "dzēs*|izdzēs*|bloķē*|atbloķē*|noņem*"),
    ("fr", "any", "rembours*|annul*|envoy*|expédi*|contact*|rappel*|modifi*|prolong*|créé*|trait*"),
    ("es", "any", "reembols*|cancel*|envi*|contact*|llam*|modific*|ampli*|tramit*"),
    ("ru", "any", "верн*|возмест*|отмен*|отправ*|свяж*|позвон*|измен*|продл*|оформ*|обработ*"),
];
