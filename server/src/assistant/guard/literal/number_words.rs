//! Numbers in words, as data: folded spellings by language with their values.
//!
//! Called by `number`. "One" in its forms is left out where it is also an article: the parser reads
//! articles before units.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::assistant::guard::text::fold;

/// The value of one folded simple word.
pub(super) fn value(text: &str, language: &str) -> Option<i128> {
    TABLES.get(language)?.get(text).copied()
}

static TABLES: LazyLock<HashMap<&'static str, HashMap<String, i128>>> = LazyLock::new(|| {
    let parse = |list: &str| {
        let entries = list.split_whitespace().filter_map(|entry| {
            let (value, words) = entry.split_once('=')?;
            Some((value.parse::<i128>().ok()?, words))
        });
        entries.flat_map(|(value, words)| words.split('/').map(move |w| (fold(w), value))).collect()
    };
    WORDS.iter().map(|(language, list)| (*language, parse(list))).collect()
});

const WORDS: &[(&str, &str)] = &[
    (
        "en",
        "0=zero 2=two 3=three 4=four 5=five 6=six 7=seven 8=eight 9=nine 10=ten 11=eleven 12=twelve/dozen \
         13=thirteen 14=fourteen 15=fifteen 16=sixteen 17=seventeen 18=eighteen 19=nineteen 20=twenty \
         30=thirty 40=forty 50=fifty 60=sixty 70=seventy 80=eighty 90=ninety 100=hundred 1000=thousand",
    ),
    (
        "de",
        "0=null 2=zwei/zwo 3=drei 4=vier 5=fünf/fuenf 6=sechs 7=sieben 8=acht 9=neun 10=zehn 11=elf 12=zwölf/zwoelf/dutzend \
         13=dreizehn 14=vierzehn 15=fünfzehn/fuenfzehn 16=sechzehn 17=siebzehn 18=achtzehn 19=neunzehn \
         20=zwanzig 30=dreißig/dreissig 40=vierzig 50=fünfzig/fuenfzig 60=sechzig 70=siebzig 80=achtzig \
         90=neunzig 100=hundert/einhundert 1000=tausend/eintausend 1=ein/eins",
    ),
    (
        "lv",
        "2=divi/divas/divu/divus/diviem/divām/divos/divās/div 3=trīs/triju/trijiem/trijām/trim/trijos/trijās \
         4=četri/četras/četru/četrus/četriem/četrām/četros/četrās/četr 5=pieci/piecas/piecu/piecus/pieciem/piecām/piecos/piecās/piec \
         6=seši/sešas/sešu/sešus/sešiem/sešām/sešos/sešās/seš 7=septiņi/septiņas/septiņu/septiņus/septiņiem/septiņām/septiņos/septiņās/septiņ \
         8=astoņi/astoņas/astoņu/astoņus/astoņiem/astoņām/astoņos/astoņās/astoņ 9=deviņi/deviņas/deviņu/deviņus/deviņiem/deviņām/deviņos/deviņās/deviņ \
         10=desmit/desmitiem 11=vienpadsmit 12=divpadsmit/ducis 13=trīspadsmit 14=četrpadsmit 15=piecpadsmit \
         16=sešpadsmit 17=septiņpadsmit 18=astoņpadsmit 19=deviņpadsmit 20=divdesmit 30=trīsdesmit \
         40=četrdesmit 50=piecdesmit 60=sešdesmit 70=septiņdesmit 80=astoņdesmit 90=deviņdesmit \
         100=simts/simt/simtu/simtiem 1000=tūkstotis/tūkstoš/tūkstoti/tūkstoši/tūkstošu",
    ),
    (
        "fr",
        "0=zéro 2=deux 3=trois 4=quatre 5=cinq 6=six 7=sept 8=huit 9=neuf 10=dix 11=onze 12=douze 13=treize \
         14=quatorze 15=quinze/quinzaine 16=seize 20=vingt 30=trente 40=quarante 50=cinquante 60=soixante \
         90=nonante 100=cent 1000=mille",
    ),
    (
        "es",
        "0=cero 2=dos 3=tres 4=cuatro 5=cinco 6=seis 7=siete 8=ocho 9=nueve 10=diez 11=once 12=doce 13=trece \
         14=catorce 15=quince 16=dieciséis 17=diecisiete 18=dieciocho 19=diecinueve 20=veinte 21=veintiuno \
         24=veinticuatro 25=veinticinco 30=treinta 40=cuarenta 50=cincuenta 60=sesenta 70=setenta 80=ochenta \
         90=noventa 100=cien/ciento 1000=mil",
    ),
    (
        "it",
        "0=zero 2=due 3=tre 4=quattro 5=cinque 6=sei 7=sette 8=otto 9=nove 10=dieci 11=undici 12=dodici \
         13=tredici 14=quattordici 15=quindici 16=sedici 17=diciassette 18=diciotto 19=diciannove 20=venti \
         30=trenta 40=quaranta 50=cinquanta 60=sessanta 70=settanta 80=ottanta 90=novanta 100=cento 1000=mille/mila",
    ),
    (
        "nl",
        "0=nul 2=twee 3=drie 4=vier 5=vijf 6=zes 7=zeven 8=acht 9=negen 10=tien 11=elf 12=twaalf 13=dertien \
         14=veertien 15=vijftien 16=zestien 17=zeventien 18=achttien 19=negentien 20=twintig 30=dertig \
         40=veertig 50=vijftig 60=zestig 70=zeventig 80=tachtig 90=negentig 100=honderd 1000=duizend",
    ),
    (
        "pl",
        "0=zero 2=dwa/dwie/dwóch/dwoma/dwu/dwaj 3=trzy/trzech/trzema/trzem 4=cztery/czterech/czterema \
         5=pięć/pięciu 6=sześć/sześciu 7=siedem/siedmiu 8=osiem/ośmiu 9=dziewięć/dziewięciu 10=dziesięć/dziesięciu \
         11=jedenaście/jedenastu 12=dwanaście/dwunastu 14=czternaście/czternastu 15=piętnaście/piętnastu \
         20=dwadzieścia/dwudziestu 30=trzydzieści/trzydziestu 40=czterdzieści 50=pięćdziesiąt \
         60=sześćdziesiąt/sześćdziesięciu 90=dziewięćdziesiąt 100=sto/stu 1000=tysiąc/tysięcy/tysiące",
    ),
    (
        "ru",
        "0=ноль/нуль 2=два/две/двух/двумя/двум 3=три/трёх/тремя/трём 4=четыре/четырёх/четырьмя 5=пять/пяти \
         6=шесть/шести 7=семь/семи 8=восемь/восьми 9=девять/девяти 10=десять/десяти 11=одиннадцать/одиннадцати \
         12=двенадцать/двенадцати 13=тринадцать 14=четырнадцать/четырнадцати 15=пятнадцать/пятнадцати \
         16=шестнадцать 17=семнадцать 18=восемнадцать 19=девятнадцать 20=двадцать/двадцати 30=тридцать/тридцати \
         40=сорок/сорока 50=пятьдесят/пятидесяти 60=шестьдесят/шестидесяти 70=семьдесят 80=восемьдесят \
         90=девяносто 100=сто/ста 1000=тысяча/тысячи/тысяч",
    ),
    (
        "lt",
        "2=du/dvi/dviejų/dviem/dviems 3=trys/trijų/tris/trims 4=keturi/keturios/keturių/keturis/keturias \
         5=penki/penkios/penkių/penkis/penkias 6=šeši/šešios/šešių/šešis/šešias 7=septyni/septynios/septynių/septynis/septynias \
         8=aštuoni/aštuonios/aštuonių/aštuonis/aštuonias 9=devyni/devynios/devynių/devynis/devynias \
         10=dešimt/dešimties 11=vienuolika/vienuolikos 12=dvylika/dvylikos 14=keturiolika/keturiolikos \
         15=penkiolika/penkiolikos 20=dvidešimt/dvidešimties 30=trisdešimt/trisdešimties 60=šešiasdešimt/šešiasdešimties \
         100=šimtas/šimto/šimtą 1000=tūkstantis/tūkstančio",
    ),
    (
        "et",
        "2=kaks/kahe/kahte 3=kolm/kolme 4=neli/nelja 5=viis/viie/viit 6=kuus/kuue/kuut 7=seitse/seitsme 8=kaheksa \
         9=üheksa 10=kümme/kümne 11=üksteist/üheteistkümne 12=kaksteist/kaheteistkümne 14=neliteist/neljateistkümne \
         15=viisteist/viieteistkümne 20=kakskümmend/kahekümne 30=kolmkümmend/kolmekümne 60=kuuskümmend/kuuekümne \
         100=sada/saja 1000=tuhat/tuhande",
    ),
    (
        "fi",
        "2=kaksi/kahden/kahta 3=kolme/kolmen/kolmea 4=neljä/neljän 5=viisi/viiden/viittä 6=kuusi/kuuden 7=seitsemän \
         8=kahdeksan 9=yhdeksän 10=kymmenen 11=yksitoista 12=kaksitoista 14=neljätoista/neljäntoista \
         15=viisitoista 20=kaksikymmentä/kahdenkymmenen 30=kolmekymmentä/kolmenkymmenen 60=kuusikymmentä/kuudenkymmenen \
         100=sata/sadan 1000=tuhat",
    ),
    (
        "sv",
        "2=två 3=tre 4=fyra 5=fem 6=sex 7=sju 8=åtta 9=nio 10=tio 11=elva 12=tolv 13=tretton 14=fjorton 15=femton \
         16=sexton 17=sjutton 18=arton 19=nitton 20=tjugo 30=trettio 40=fyrtio 50=femtio 60=sextio 70=sjuttio \
         80=åttio 90=nittio 100=hundra 1000=tusen",
    ),
];
