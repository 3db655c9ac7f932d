//! What is small talk and what only looks like it, in all languages.

use super::*;

/// Messages with a bar between them.
fn are(kind: SmallTalk, lines: &[&str]) {
    let wrong: Vec<_> = lines
        .iter()
        .flat_map(|line| line.split(" | "))
        .filter(|message| of(message) != Some(kind))
        .map(|message| (message, of(message)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?} instead of {kind:?}");
}

fn are_none(lines: &[&str]) {
    let messages = lines.iter().flat_map(|line| line.split(" | "));
    let wrong: Vec<_> = messages.filter_map(|m| Some((m, of(m)?))).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_item_of_the_data_is_words_and_every_phrase_has_one_that_must_be_there() {
    for file in FILES {
        let source: Source = toml::from_str(file).unwrap();
        let Source { acknowledgement, greeting, test, farewell, .. } = source;
        let Source { thanks, opening, machine, filler, .. } = toml::from_str(file).unwrap();
        let kinds = [acknowledgement, greeting, test, farewell, thanks, opening, machine, filler];
        for kind in &kinds {
            assert!(!kind.is_empty(), "{}", &file[..40.min(file.len())]);
        }
        for phrase in kinds.iter().flatten() {
            assert!(phrase.split_whitespace().any(|item| !item.ends_with('?')), "{phrase}");
            for item in phrase.split_whitespace() {
                for word in item.trim_end_matches('?').split('|') {
                    assert_eq!(cut(word).len(), 1, "{word} of {phrase}");
                }
            }
        }
    }
}

#[test]
fn greetings() {
    are(
        SmallTalk::Greeting,
        &[
            "Hello | Hi there! | Hi | hellooo | hiiii | HEY!!! | Good morning",
            "Hi, good morning! | Hello everyone 👋 | how are you? | Guten Tag",
            "Hallo zusammen | Moin | Grüß Gott | gruess gott | Labdien! | Sveiki | labdieeen",
            "Labrīt | labrit | cau | Čau! | Bonjour | Bonsoir à tous | Salut ça va ? | Hola",
            "¡Buenos días! | Buenas tardes | Ciao | Buongiorno | Buonasera a tutti",
            "Dzień dobry | dzien dobry | Cześć! | Привет | Здравствуйте! | Добрый день",
            "Labas | Laba diena | Labas rytas | Tere | Tere hommikust | Hei | Moi",
            "Hyvää päivää | Moikka | Hej | God morgon | Hej hej | Hoi | Goedemorgen",
            "Goedendag allemaal | Olá | Bom dia | boa tarde | Привіт | Добрий день",
            "Hej alle | Godmorgen | Goddag | Hei på deg | God kveld | Hi, I'm [PERSON_1]",
            "Hello, my name is [NAME_1] | Guten Tag, mein Name ist [PERSON_1]",
            "Good afternoon team | Dear Sir or Madam | hi bot",
        ],
    );
}

#[test]
fn thanks() {
    are(
        SmallTalk::Thanks,
        &[
            "thanks! | thanksss | Thank you so much | ty | thx | Thank you, have a nice day!",
            "ok thanks, bye | Thanks for your help! | thanks a lot for the quick reply",
            "no thanks | That was very helpful | 🙏 | Great, thanks! | Danke | Danke schön!",
            "Vielen Dank für Ihre Hilfe | Nein danke | ok danke, tschüss | Paldies!",
            "Liels paldies | Paldies par palīdzību | nē, paldies | paldiesss | Merci",
            "Merci beaucoup | merci pour votre aide | Gracias | Muchas gracias por su ayuda",
            "Grazie mille | grazie per l'aiuto | Dziękuję bardzo | dzięki za pomoc",
            "dziekuje | Спасибо | большое спасибо | Спасибо за помощь | spasibo | Ačiū",
            "Labai ačiū | ačiū už pagalbą | Aitäh | Suur tänu | Tänan väga | Kiitos",
            "Kiitos paljon | Kiitos avusta | Tack | Tack så mycket | Tack för hjälpen",
            "Bedankt | Dank je wel | Hartelijk bedankt voor de hulp | Obrigado",
            "Muito obrigada | obrigado pela ajuda | Дякую | Дуже дякую | Mange tak",
            "Tak for hjælpen | Tusen takk | Takk for hjelpen | Thanks [PERSON_1]!",
        ],
    );
}

#[test]
fn farewells() {
    are(
        SmallTalk::Farewell,
        &[
            "bye | byeee | Goodbye! | See you later | ok bye | Have a great weekend",
            "That's all | good night | Tschüss | Auf Wiedersehen | Schönen Tag noch",
            "ok tschüss | Das war's | Uz redzēšanos | Visu labu! | Atā | jauku dienu",
            "Au revoir | Bonne journée ! | Adiós | Hasta luego | Que tenga un buen día",
            "Arrivederci | Buona giornata | Do widzenia | Miłego dnia | Пока | До свидания",
            "Хорошего дня | Viso gero | Iki | Head aega | Nägemist | Head päeva | Näkemiin",
            "Hyvää päivänjatkoa | Hejdå | Ha en bra dag | Tot ziens | Fijne dag nog | Tchau",
            "Até logo | Tenha um bom dia | До побачення | Гарного дня | Farvel",
            "Hav en god dag | Ha det bra | Ha en fin dag",
        ],
    );
}

#[test]
fn openings_without_a_subject() {
    are(
        SmallTalk::Opening,
        &[
            "I have a question | Hello, I have a question | can you help me?",
            "Hi! Could you please help me? | help | I need help | quick question",
            "May I ask something? | Thanks in advance | I have a problem",
            "Ich habe eine Frage | Guten Tag, ich hätte da eine Frage",
            "Können Sie mir helfen? | Kannst du mir bitte helfen | Hilfe | Man ir jautājums",
            "Labdien, man ir jautājums | Vai varat man palīdzēt? | palīdziet",
            "J'ai une question | Bonjour, j'ai une question | Pouvez-vous m'aider ?",
            "Tengo una pregunta | ¿Me puede ayudar? | puedes ayudarme | Ho una domanda",
            "Può aiutarmi? | mi può aiutare? | Mam pytanie | Czy możesz mi pomóc?",
            "У меня вопрос | у меня есть вопрос | Можете помочь? | вы можете мне помочь?",
            "Turiu klausimą | Ar galite padėti? | Mul on küsimus | Kas saate mind aidata?",
            "Minulla on kysymys | Voitko auttaa? | voitteko auttaa minua | Jag har en fråga",
            "Kan du hjälpa mig? | Ik heb een vraag | Kunt u mij helpen? | Tenho uma pergunta",
            "Pode me ajudar? | Tenho uma dúvida | Маю питання | Ви можете мені допомогти?",
            "Jeg har et spørgsmål | Kan du hjælpe mig? | Jeg har et spørsmål",
            "Kan du hjelpe meg?",
        ],
    );
}

#[test]
fn questions_of_what_it_is() {
    are(
        SmallTalk::Machine,
        &[
            "Are you a bot? | Hi, are you a bot? | am I talking to a human?",
            "are you human or a robot? | Are you a real person? | is this AI? | who are you?",
            "Bist du ein Roboter? | Sind Sie ein Mensch? | Spreche ich mit einem Menschen?",
            "Rede ich mit einem Bot oder einem Menschen? | Vai tu esi robots?",
            "Vai jūs esat cilvēks? | Vai es runāju ar robotu? | Es-tu un robot ?",
            "Êtes-vous humain ? | Est-ce que je parle à un robot ? | ¿Eres un robot?",
            "¿Estoy hablando con una persona? | Sei un bot? | Sto parlando con una persona?",
            "Jesteś botem? | Czy rozmawiam z człowiekiem? | Ты бот? | Вы человек?",
            "Я разговариваю с роботом? | это бот? | Ar tu robotas? | Ar aš kalbu su žmogumi?",
            "Kas sa oled robot? | Kas ma räägin inimesega? | Oletko robotti?",
            "Puhunko ihmisen kanssa? | Är du en robot? | Pratar jag med en människa?",
            "Ben je een robot? | Praat ik met een mens? | Você é um robô?",
            "Estou falando com uma pessoa? | Ти бот? | Я розмовляю з людиною?",
            "Er du en robot? | Taler jeg med et menneske? | Er du et menneske?",
            "Snakker jeg med en robot? | Er du ein robot?",
        ],
    );
}

#[test]
fn acknowledgements() {
    are(
        SmallTalk::Acknowledgement,
        &[
            "ok | OK! | okkkk | okay | got it | Alright | I see | perfect | 👍 | ok 👍",
            "sounds good | never mind | makes sense | alles klar | Verstanden | in Ordnung",
            "Ach so | labi | Skaidrs | sapratu | D'accord | Compris | très bien | De acuerdo",
            "Entendido | va bene | Capito | Dobrze | Rozumiem | w porządku | Хорошо",
            "Понятно | всё понятно | Gerai | Aišku | Selge | Sain aru | Selvä | Ymmärrän",
            "Okej | Jag förstår | Begrepen | duidelijk | Entendi | Добре | Зрозуміло",
            "Forstået | Jeg forstår | Skjønner | Den er grei",
        ],
    );
}

#[test]
fn tests() {
    are(
        SmallTalk::Test,
        &[
            "test | Test! | testing | test test | this is a test | just testing",
            "hello, test | are you there? | testing 123 | can you hear me? | Nur ein Test",
            "Das ist ein Test | bist du da? | testēju | tas ir tests | vai tu tur esi?",
            "ceci est un test | c'est juste un test | esto es una prueba | ¿estás ahí?",
            "questa è una prova | ci sei? | to tylko test | jesteś tam? | тест | это тест",
            "вы тут? | тестирую | čia testas | testas | see on test | testin | tämä on testi",
            "oletko siellä? | det här är ett test | är du där? | dit is een test",
            "ben je er? | isto é um teste | você está aí? | це тест | тестую",
            "det er en test | er du der? | bare en test",
        ],
    );
}

#[test]
fn one_word_more_makes_it_a_question() {
    are_none(&[
        "Hi, refund? | thanks, but where is my parcel | ok and to Germany?",
        "test my battery? | Hello, where is my order? | Hi, I want to return my tent",
        "Good morning, do you ship to Latvia? | thanks, how long does it take?",
        "ok, how much is it? | Can you help me with my refund?",
        "I have a question about shipping | help me reset my password | are you open today?",
        "are you a shop? | is this product in stock? | how do I test it? | thank you card",
        "hi res photos | have a nice tent? | bye bye baby shoes",
        "Danke, aber wo ist mein Paket? | Hallo, wie lange dauert der Versand?",
        "Guten Tag Versandkosten | ok und nach Deutschland?",
        "Labdien, kur ir mans pasūtījums? | Paldies, bet kad? | labi, un cik maksā?",
        "Bonjour, où est mon colis ? | merci mais quand ? | Hola, ¿dónde está mi pedido?",
        "gracias, ¿y el envío? | Ciao, quanto costa? | Dzień dobry, gdzie jest paczka?",
        "Привет, где мой заказ? | спасибо, а сколько стоит? | Labas, kiek kainuoja?",
        "Tere, kus on minu pakk? | Hei, missä tilaukseni on? | Hej, var är mitt paket?",
        "Hallo, waar is mijn pakket? | Olá, onde está a minha encomenda?",
        "Привіт, де моє замовлення? | Hej, hvor er min pakke? | vale gutschein | hi 5 | ok 2",
        "the first one | asdf jkl 5 order | hei, toimitus? | test results | warranty",
        "refund | hola envío | what is this | it does not work | does this work?",
        "thanks it still doesn't work | test drive | prueba gratis | prova gratuita",
        "I am waiting for a reply since 3 days | hello I need a refund please",
        "wer sind Sie als Firma? | are you the manufacturer? | is this a real leather bag?",
        "is it automatic? | Is this automatic? | is it clear? | is it ok? | is this fine",
        "that is nice of the tent | is this the best | are you able to ship | can you do it",
        "can you check | can you check it | i need advice on tents",
        "what can you do about it | was kannst du dagegen tun | problem",
        "there is a problem with it | was ist das | что это | who is it for? | who is it",
        "what is this | what is it | is it human | is this real | is it real",
    ]);
}

#[test]
fn whoever_wants_a_person_or_is_angry_makes_no_small_talk() {
    are_none(&[
        "can I talk to a human | agent please | human | I want a real person",
        "this is ridiculous | you are useless | thanks for nothing | 😡 | hi 😡 | ok 🙄",
        "Kann ich mit einem Menschen sprechen? | Mitarbeiter bitte | gribu runāt ar cilvēku",
        "operators | un conseiller svp | parler à un humain | quiero hablar con una persona",
        "vorrei parlare con un operatore | chcę rozmawiać z człowiekiem | позовите оператора",
        "noriu kalbėti su žmogumi | haluan puhua ihmisen kanssa",
        "Jag vill prata med en människa | is anyone there? | are there any humans here?",
        "is there a real person here?",
    ]);
}

#[test]
fn yes_and_no_and_words_of_two_meanings_are_none() {
    are_none(&[
        "yes | no | ja | nein | nē | jā | да | нет | oui | non | si | sí | tak | nie | joo",
        "ei | taip | jah | de nada | ? | ... | vale | top | bra | fin | bon | sup | evening",
        "morning | moi aussi | et moi ? | 1 | 2 | and? | ok and? | ok und? | und | oder",
        "ok no | ok yes | yes thanks | tests | for you | for that | for the answer",
        "with one issue | why? | when? | how? | what? | really? | prima nota",
    ]);
}

#[test]
fn names_mean_nothing_and_other_placeholders_do() {
    are(SmallTalk::Greeting, &["Hi, I'm [PERSON_1]", "Mein Name ist [PERSON_2], guten Tag!"]);
    are(SmallTalk::Thanks, &["Thanks [NAME_1]!"]);
    are_none(&["[PERSON_1]", "hi, [EMAIL_1]", "thanks [CUSTOM_1]", "[PHONE_1]", "I'm [NAME_1]"]);
}

#[test]
fn long_messages_are_not_read() {
    are(SmallTalk::Greeting, &["hi ".repeat(40).as_str()]);
    are_none(&["hi ".repeat(41).as_str(), &"👋".repeat(121)]);
    are(SmallTalk::Greeting, &["👋".repeat(120).as_str()]);
}
