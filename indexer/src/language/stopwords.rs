//! Function words: words that carry grammar, not the subject of a question.
//!
//! `analyzer` flags them (a search drops them when the question has anything else) and `detect`
//! counts them as evidence of a language. The lists are our own and short on purpose: articles,
//! pronouns, prepositions, auxiliaries, question words and courtesies. A word that can be the
//! subject of a support question ("order", "card", "money") is never here.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::fold::fold;

/// Function words of `language` (ISO 639-1), lower case, NFC, with and without diacritics, as
/// customers type both. `None` for a language without a list.
pub(super) fn set(language: &str) -> Option<&'static HashSet<String>> {
    SETS.get(language)
}

/// Whether a function word of `language` is another word, too: "down" is also what sleeping bags are filled
/// with, "out of stock" a state of goods. Pronouns, auxiliaries and question words are nothing else.
pub(crate) fn may_be_subject(language: &str, word: &str) -> bool {
    language == "en" && EN_SUBJECTS.split_whitespace().any(|subject| subject == word)
}

const EN_SUBJECTS: &str =
    "down off up out over under before after between through against own same once";

/// Languages that have a list, with its words as written.
pub(super) fn lists() -> impl Iterator<Item = (&'static str, &'static str)> {
    LISTS.iter().copied()
}

static SETS: LazyLock<HashMap<&'static str, HashSet<String>>> = LazyLock::new(|| {
    lists()
        .map(|(language, words)| {
            let exact = words.split_whitespace().map(str::to_owned);
            let folded = words.split_whitespace().map(fold);
            (language, exact.chain(folded).collect())
        })
        .collect()
});

const LISTS: &[(&str, &str)] = &[
    ("en", EN),
    ("lv", LV),
    ("de", DE),
    ("fr", FR),
    ("es", ES),
    ("ru", RU),
    ("et", ET),
    ("lt", LT),
    ("pl", PL),
    ("fi", FI),
    ("sv", SV),
    ("it", IT),
    ("pt", PT),
    ("nl", NL),
    ("da", DA),
    ("nb", NB),
    ("cs", CS),
    ("uk", UK),
];

const EN: &str = "a an the and or but if then than so because as of at by for with about against \
    between into through during before after to from up down in out on off over under again once \
    here there when where why how what which who whom whose this that these those all any both each \
    few more most other some such no nor not only own same too very can could will would shall \
    should may might must do does did doing done don't doesn't didn't have has had having haven't \
    hasn't be am is are was were been being isn't aren't wasn't weren't i you he she it we they me \
    him her us them my your his its our their mine yours hers ours theirs myself yourself i'm i've \
    i'd i'll it's you're we're they're can't cannot couldn't won't wouldn't shouldn't that's what's \
    there's let's im ive dont doesnt didnt cant wont isnt whats please hello hi hey thanks thank \
    just also still yet ever";

const LV: &str = "un vai bet ja kad kas ko kam kā ka kāda kāds kādi kādas kādu kādā kur kurp no uz \
    ar par pie pēc pirms pret bez līdz zem virs starp caur dēļ lai jo tad tā tas tie tās to tam tai \
    tos tiem tām tajā šis šī šie šo šajā šajos es tu viņš viņa mēs jūs viņi viņas man tev viņam \
    viņai mums jums mani mana mans manu manas manā tavs tava savs sava savu jūsu mūsu ir nav bija \
    būs būt esmu esi esam esat biju bijis bijusi nebija var varu vari varam varat nevar nevaru \
    varētu vajag jābūt cik kāpēc kādēļ kuru kurš kura kuri kuras kurā arī vēl jau tikai ļoti kaut \
    nekas nekad tur šeit te iekš kopš nedz ne nē jā lūdzu paldies sveiki labdien gan tomēr ja tāpēc \
    tiek tika tikt tādēļ tāds tāda";

const DE: &str = "der die das den dem des ein eine einen einem einer eines und oder aber wenn dann \
    als so weil denn ob von bei mit nach zu zum zur für gegen ohne um durch über unter vor hinter \
    zwischen in im ins an am ans auf aus ab bis seit während wegen wie was wer wen wem wo wohin \
    woher wann warum wieso weshalb welche welcher welches welchen welchem wieviel ich du er sie es \
    wir ihr mich dich ihn uns euch mir dir ihm ihnen mein meine meinen meinem meiner dein deine \
    sein seine ihre ihren ihrem ihrer unser unsere euer eure dieser diese dieses diesen diesem jener \
    ist sind war waren bin bist seid gewesen wird werden wurde wurden worden haben habe hat hast \
    hatte hatten kann kannst können könnte konnte soll sollte muss müssen darf dürfen will möchte \
    möchten mag nicht kein keine keinen keiner auch noch schon nur sehr mehr da hier dort hallo \
    bitte danke man sich selbst doch mal denn etwas alles";

const FR: &str = "le la les l un une des du de d et ou mais si alors que qu qui quoi dont où quand \
    comment pourquoi combien quel quelle quels quelles est-ce je j tu il elle on nous vous ils elles \
    me m te t se s lui leur leurs mon ma mes ton ta tes son sa ses notre nos votre vos ce c cet \
    cette ces cela ça celui celle ceux à au aux en dans par pour sur sous avec sans chez vers entre \
    avant après depuis pendant contre est sont était étaient être été suis es sommes êtes ai as a \
    avons avez ont avait avoir fait faire peut peux puis pouvez pouvons doit dois dans ne n pas plus \
    moins très aussi encore déjà comme y bonjour merci svp même tout tous toute toutes aucun aucune \
    sera seront";

const ES: &str = "el la los las lo un una unos unas y e o u pero si entonces que qué quien quién \
    cual cuál cuáles cuando cuándo donde dónde como cómo cuanto cuánto cuánta cuántos porque por \
    para de del al a en con sin sobre bajo entre hasta desde hacia contra durante antes después yo \
    tú usted él ella nosotros ustedes ellos ellas me te se nos os le les mi mis tu tus su sus \
    nuestro nuestra este esta estos estas ese esa eso esos esas esto aquel es son era eran ser sido \
    soy eres somos está están estoy estaba he ha has hemos han había haber hay puedo puede pueden \
    podemos podría debo debe quiero no ni sí también ya muy más menos todo todos toda todas algo \
    hola gracias favor";

const RU: &str = "и в во не на я он она оно мы вы они что чтобы как а но или если то же ли бы по за \
    из изо у к ко о об обо от до для при с со без через между под над про это этот эта эти этого \
    этой этом тот та те того той так там тут здесь где куда откуда когда почему зачем сколько кто \
    кого кому чем чего чему какой какая какое какие какую который которая которые меня мне мной \
    тебя тебе вас вам нас нам его её ее ему ей их им мой моя моё мое мои моего моей мою наш ваш \
    ваша ваши свой свою быть был была было были буду будет есть нет да ни уже ещё еще только очень \
    также можно нельзя могу может можете мочь надо нужно ведь вот все всё всех пожалуйста спасибо \
    здравствуйте привет";

const ET: &str = "ja või aga kui siis et sest nagu kas kes kelle keda mis mille mida millal miks \
    kuidas kus kuhu kust palju mitu milline millised see selle seda need nende neid too mina ma \
    sina sa tema ta meie me teie te nemad nad minu mu sinu su mulle sulle talle meile teile mind \
    sind oma on ei ole oli olid olen oled oleme olete olla olnud saab saan saate saame võin võib \
    võite pean peab tuleb kuid ka veel juba ainult väga rohkem vähem läbi pärast enne ilma koos \
    kuni alates üle all juures jaoks kohta palun tere aitäh midagi ning";

const LT: &str = "ir ar arba bet jei jeigu kai kad kaip ką kas kam ko kuo kur kada kodėl kiek koks \
    kokia kokie kokį kuris kuri kurie tai tas ta tie tos to šis ši šie šios šio aš tu jis ji mes \
    jūs jie jos man tau jam jai mums jums mane tave mano tavo savo jūsų mūsų yra nėra buvo bus būti \
    esu esate galiu gali galima galite galėčiau turiu reikia į iš su be už nuo iki po prie per pagal \
    dėl apie prieš ant tarp jau dar tik labai taip ne nebe prašau ačiū labas sveiki o nes todėl";

const PL: &str = "i a o w we z ze na do od dla po pod nad przy przez bez przed między u za oraz lub \
    albo ale jeśli jeżeli gdy kiedy że żeby co czego czemu kto kogo komu jak jaki jaka jakie jaką \
    który która które gdzie skąd dokąd dlaczego czy ile to ten ta te tego tej tym tych ja ty on ona \
    ono my wy oni mnie mi ciebie ci jego jej go mu nas nam was wam ich im mój moja moje mojego moją \
    swój swoje jest są był była było były być będzie jestem nie tak się już jeszcze tylko bardzo \
    też także można mogę może możesz możemy muszę trzeba chcę proszę dziękuję dzień dobry cześć";

const FI: &str = "ja tai mutta jos kun niin että koska kuin kuka kenen mikä mitä minkä missä mihin \
    mistä milloin miksi miten kuinka paljonko montako millainen onko voiko voinko se sen sitä ne \
    niiden tämä tämän tätä nämä tuo minä sinä hän me te he minun sinun hänen meidän teidän heidän \
    minua minulle sinulle meille teille on ei ole oli ovat olen olet olemme olla ollut en et eivät \
    voi voin voit voimme voivat pitää täytyy haluan myös vielä jo vain hyvin ennen jälkeen ilman \
    kanssa asti alle yli hei kiitos joka jonka jotka";

const SV: &str = "och eller men om när då så att som än en ett den det de dem denna detta dessa jag \
    du han hon vi ni mig dig honom henne oss er sig min mitt mina din ditt dina sin sitt sina vår \
    vårt våra hans hennes är var vara varit blir blev har hade ha kan kunde ska skulle måste vill \
    får inte ej också bara mycket mer redan ännu i på av till för från med utan vid under över \
    mellan genom efter innan hos mot vad vem vilken vilket vilka hur varför vart där här hej tack \
    gör göra finns";

const IT: &str = "il lo la i gli le l un uno una e ed o ma se allora che chi cui quale quali quando \
    dove come perché quanto quanta quanti quante cosa cos di del dello della dei degli delle d a al \
    allo alla ai agli alle da dal dalla in nel nella nei con su sul sulla per tra fra senza prima \
    dopo io tu lui lei noi voi loro mi ti si ci vi me te mio mia miei mie tuo tua suo sua nostro \
    vostro questo questa questi queste quello quella è sono era erano essere stato sei siamo siete \
    ho hai ha abbiamo avete hanno avere c'è posso può possono devo deve vorrei non no sì anche già \
    ancora molto più meno tutto tutti ciao grazie";

const PT: &str = "o a os as um uma e ou mas se que quem qual quais quando onde como porque quanto \
    quanta de do da dos das no na nos nas em por para com sem sobre entre até eu você ele ela nós \
    eles elas meu minha meus seu sua este esta isso isto esse essa é são era foi ser está estou \
    tem tenho posso pode podem não sim também já muito mais ao à pelo pela olá obrigado";

const NL: &str = "de het een en of maar als dan dat die dit deze wat wie waar wanneer waarom hoe \
    welke hoeveel ik je jij hij zij ze we wij jullie u mij mijn jouw uw zijn haar ons onze is was \
    waren ben bent worden wordt heb heeft hebben had kan kunnen kunt moet mag wil niet geen ook nog \
    van voor met naar uit op aan bij tot over onder door in te om er hier daar";

const DA: &str = "og eller men hvis når så at som en et den det de denne dette disse jeg du han hun \
    vi i mig dig os jer min mit mine din dit er var være har havde kan kunne skal skulle må vil \
    ikke også kun meget mere på af til for fra med uden ved hvad hvem hvilken hvordan hvorfor hvor \
    hvornår hvilke";

const NB: &str = "og eller men hvis når så at som en et ei den det de denne dette disse jeg du han \
    hun vi meg deg oss dere min mitt mine din ditt er var være har hadde kan kunne skal skulle må \
    vil ikke også bare mye mer på av til for fra med uten ved hva hvem hvilken hvordan hvorfor hvor \
    når hvilke";

const CS: &str = "a i nebo ale když pokud že aby co kdo jak jaký jaká jaké který která které kde \
    kdy proč kolik v ve na do od z ze s se k ke o po pro při za bez před mezi to ten ta ty já on ona \
    my vy oni mě mi mně můj moje jsem jsi je jsou byl byla být není mohu může můžu lze ne ano také \
    už ještě jen velmi si prosím děkuji";

const UK: &str = "і й та або але якщо коли що щоб як який яка яке які де куди чому скільки хто у в \
    на до від для по за з із зі без про при між це цей ця ці я ти він вона ми ви вони мене мені мій \
    моя моє мої є був була були бути не ні так вже ще тільки дуже також можна можу може треба \
    дякую";
