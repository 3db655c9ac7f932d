//! Common given names of Europe, to tell "Anna Kalnina" in running text. Only names that are no
//! everyday words; without accents. Used by the name detector.

use std::collections::HashSet;
use std::sync::LazyLock;

static INDEX: LazyLock<HashSet<&'static [u8]>> =
    LazyLock::new(|| NAMES.split_whitespace().map(str::as_bytes).collect());

/// Whether `word` (any case) is a common given name.
pub(super) fn is_given_name(word: &str) -> bool {
    let mut lower = [0u8; 16];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    INDEX.contains(&*lower)
}

const NAMES: &str = "\
    aaron adam adrian adriana agata agnes agnese agnieszka aiga ainars aivars albert alberto \
    aldis alejandro aleksandr aleksandra aleksandrs aleksei alena alessandro alessia alex \
    alexander alexandra alexey alfred alice alicja alina aline alise alvaro amanda amelie ana \
    anastasia anastasija anatolijs anders andre andrea andreas andreea andrei andrejs andres \
    andrew andrey andris andrius andrzej angela angelika anita anja ann anna anne anneli \
    annette annika antoine anton antonia antonio anu arnis artis artur arturs arvid astrid \
    audrius augusts austra axel barbara bartosz beata beate beatrice benjamin bernd bernhard \
    birgit birgitta birute bjorn bogdan brigitte bruno camille carina carla carlos carmen \
    carolina caroline catherine cecilia charles charlotte chiara christian christina christine \
    christoph christopher claire clara claudia claudio cristina dace daiga daina dainis daniel \
    daniela daniele daria darius darja david davide deborah denis denise diana didzis diego \
    dieter dirk dita dmitrijs dmitry dominik dominika donatas dorota dorothea dzintars edgar \
    edgars eduard edvins edward eero egils egle einars elena eleonora elina elisa elisabeth \
    elizabeth elza emanuela emil emilia emilie emily emma enrico eric erik erika eriks ernests \
    esther eugenia eva evelina evija ewa fabian federica federico felix fernando filip florian \
    francesca francesco francois franz frederik fredrik gabriel gabriele gatis georg george \
    gerda gerhard giedre gintaras gints giorgio giovanni giulia giuseppe grazina gregory \
    grzegorz guillaume guna gunars gunta guntis gustavs hanna hannah hannes hans harald harri \
    heidi heike heinz helen helena helene helga henri henrik henry herbert hermann hugo ieva \
    igor ilga ilmars ilona ilze imants ina inara ines inese inga ingrid inguna ingus irena \
    irene irina iris isabel isabella isabelle ivan ivars iveta ivo jaak jacek jacob jacqueline \
    jakob jakub jan jana jane janina janis janne jaroslav jason javier jean jelena jennifer \
    jens jeremy jessica jevgenijs joachim joana joao jochen johan johanna johannes john jolanta \
    jonas jonathan jordi jorge jose josef joseph joshua juan juergen juha juhani jukka julia \
    julian juliana julie julija julius jurgen jurgita juris justas justina kaja kalle karen \
    karin karina karl karlis karolina karsten kaspars katarina katarzyna katharina kathrin \
    katja katrin katrina kaur kazimierz kerstin kevin kirsten klaus klavs kristaps kristians \
    kristina kristine kristjan kristof krists krzysztof kurt laima laimonis lars lasma laura \
    laurent lauri lauris leena lena leonard leonardo leonie liene liga liisa lilian lilija \
    linas linda lindsay lisa livija lothar louise lucas lucia lucie lucy luigi luis luisa lukas \
    lukasz madara magdalena maija maire malgorzata manfred manuel manuela marcel marcin marco \
    marcus marek margarita margit margus maria marian marianne marie marika marina mario maris \
    marita mariusz mariya marja markku marko markus marta martha marti martin martina martins \
    martynas mateusz mathias mathieu matthew matthias matti mattias maurizio mauro max \
    maximilian melanie melissa michael michal michel michelle miguel mihkel mika mikael mikhail \
    mikko mindaugas mirjam mona monica monika monta nadezda nadia nadine natalia natalija \
    natalya nathalie nicholas nicola nicolas nicole niklas nikolajs nikolay nils nina nora \
    normunds ola olav oleg olga oliver olivia olivier oskar oskars otto paola paolo patricia \
    patricija patrick patrik paul paula paulina pauline paulius pavel pawel pedro peeter pekka \
    peter petra petri petteri philip philipp pierre pietro piotr priit raimo raimonds rainer \
    ralf ramona ramune raul rebecca regina reinhard reinis renars renata renate riccardo \
    richard rihards riho rita ritvars robert roberta roberto roberts rodrigo roland rolands \
    roman romans ronald rudolf rudolfs ruta ruth sabine salvatore samantha samuel sandis sandra \
    sanita sanna sara sarah sarmite sascha saulius sebastian sergei sergejs sergio signe silke \
    silvia simon simona simone sintija sofia sofie solvita sonia sonja sophia sophie stefan \
    stefania stefano steffen stephan stephanie stephen steven susan susanne sven svens svetlana \
    sylvie sylwia taavi tadeusz tamara tanja tatiana tatjana teemu teresa theodor theresa \
    thierry thomas tiina timo tobias toivo tomas tomass tomasz toms torsten tuomas uldis ulrich \
    ulrike urmas ursula uwe vadim vadims valdis valentina valeria valerie valerija valters \
    vanessa vera veronika vesna vicente victor victoria vija viktor viktoria viktorija viktors \
    villu vilma vincent vineta virginia virginie vita vitalijs vitaly vladimir vladimirs \
    vytautas walter werner wiebke wilhelm wojciech wolfgang yuri yvonne zane zanete zigmars \
    zita zofia";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_case_and_other_words_are_not() {
        assert!(is_given_name("Anna") && is_given_name("JANIS") && is_given_name("zofia"));
        assert!(
            !is_given_name("Riga") && !is_given_name("") && !is_given_name("a very long sentence")
        );
    }
}
