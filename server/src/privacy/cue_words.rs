//! The words behind [`Cue`](super::cues::Cue), in the languages of Europe and those of the
//! identifiers we know. Without accents; `|` between words; `^` start of a word, `=` whole word.

use super::cues::Cue;

pub(super) const TABLE: &[(Cue, &str)] = &[
    (
        Cue::Order,
        "^order|^invoice|^parcel|^tracking|^shipment|^article|=item|=items|=sku|^product|=error|=code|=codes|^ticket|\
         =case|^booking|^serial|=batch|=lot|^model|^version|^voucher|^coupon|^return|=rma|=points|^delivery|^deliver|\
         ^bestell|^auftrag|^rechnung|^sendung|^artikel|^paket|^fehler|^gutschein|^liefer|^pasutijum|^sutijum|^rekin|^preces|\
         ^kluda|^klud|^piegad|^commande|^colis|^facture|^pedido|^factura|^ordine|^fattura|^bestelling|^zamowieni|^paczk|\
         ^tellimus|^uzsakym|^siunt|^tilaus|заказ|посылк|артикул|ошибк|bought|purchased|gekauft|nopirk|nopirka|=paid|=amount|=sum",
    ),
    (
        Cue::Phone,
        "phone|^mobile|=mob|=cell|cellphone|=tel|^call me|=call|=calling|=dial|=sms|=whatsapp|=viber|=fax|=desk|=text|^texting|hotline|answering at|\
         ^telefon|^telefo|talrun|^mobil|^handy|^anruf|^erreich|=ruf|^rufen|^zvan|^piezvan|=numurs|telephone|portable|^appel|joindre|\
         ^movil|^llam|^cellulare|^chiam|^bel |^bellen|^komork|^zadzwon|^skambin|^puhelin|^soita|^helista|^ring |^ringa|\
         телефон|звон|моб|messages to|registered|contact number|my number|=number is|=cep|tilfon|전화|휴대|โทร|電話",
    ),
    (
        Cue::NationalId,
        "=ssn|=ssns|social security|social-security|socialsecurity|^sozialvers|=sv-nr|=svnr|=svnummer|=rvnr|rentenvers|versicherungsnummer|\
         national id|national-id|=nin|id number|id no|=id nr|identification number|identity number|personal code|personal number|personal id|\
         personas kod|=pk|personkod|isikukood|asmens kod|henkilotunnus|=hetu|personnummer|=pnr|samordningsnummer|=pesel|=cnp|=dni|=nie|=nif|\
         =bsn|burgerservice|=sofi|rodne cisl|=egn|edinen gra|=oib|=jmbg|=emso|matic|codice fiscale|=cf|=pps|=ppsn|cpr|fodselsnummer|=fnr|\
         kennital|=ahv|=avs|=avn|rijksregister|registre national|insz|=niss|=nir|securite sociale|numero de secu|=amka|szemelyi|=taj|\
         =nino|national insurance|insurance number|=aadhaar|=aadhar|=uidai|=nric|=fin|=sin|social insurance|=rrn|=frn|주민|외국인|=tckn|kimlik|=tc|\
         บัตรประชาชน|ประจำตัว|=rsa id|=sa id|=za id|refugee|=cpf|^identi|^ausweis|егн|личн|снилс|идентификац|cartao de cidadao|cedula|voter|epic",
    ),
    (
        Cue::Tax,
        "^tax|=tin|=itin|=ein|=utr|^steuer|=idnr|=stnr|=vat|vat-id|=vatin|=ust|ust-id|ustid|umsatzsteuer|=uid|=tva|=iva|partita|=p.iva|=piva|=btw|=moms|\
         =pvn|=kmkr|=pvm|=nip|=regon|=cif|=nif|=afm|=dic|=ic|=ico|=adoszam|^adoazon|=abn|=acn|=tfn|=gst|=gstin|=pan|=siren|=siret|fiscal|^nodok|^mokes|\
         инн|налог|=brn|사업자|=nit|=rut|=afm|^skatte|verotunnus|=alv|=trn|=npwp|danova|podatk|vergi",
    ),
    (
        Cue::Health,
        "=nhs|medicare|=mbi|=npi|provider number|health|^krank|=kvnr|versicherten|=lanr|arztnummer|=bsnr|betriebsstatten|medical|patient|=dea|\
         insurance|policy number|policy no|=police|tessera sanitaria|carte vitale|mutuelle|veselib|apdrosinas|ubezpiecz",
    ),
    (
        Cue::Passport,
        "passport|reisepass|=pass|pass-nr|passnummer|^pases|=pase|=pasi|=passe|passeport|pasaporte|passaporto|paspoort|paszport|=pasas|=paso|passi|pass number|pasaport|여권|паспорт|=pas",
    ),
    (
        Cue::Licence,
        "licence|=license|=licenses|driver's lic|driver lic|driving lic|drivers lic|^fuhrerschein|fahrerlaubnis|vaditaja apl|autovaditaj|permis de conduire|\
         permiso de conducir|carnet de conducir|patente|rijbewijs|prawo jazdy|vairuotojo|juhiluba|juhiload|ajokort|korkort|водительск|права|=dl|dl number|운전면허|면허",
    ),
    (
        Cue::IdCard,
        "identity card|id card|id-card|=id|=ids|identity document|personalausweis|ausweis|=perso|=dowod|dowodu|carta d'identita|carta di identita|carte d'identite|identiteitskaart|\
         identitatskarte|personas aplieciba|=eid|id-karte|=id karte|henkilokortti|asmens tapatybes|=dni|=cni",
    ),
    (
        Cue::Bank,
        "=account|account no|account number|bank acc|banking|=bank|=acct|=a/c|routing|=aba|=transit|sort code|sort-code|=iban|=bic|=swift|=blz|bankleitzahl|=konto|kontonummer|kontonr|konta|=kontu|\
         numero de compte|=rib|cuenta|=conto|rekening|=rachunek|=saskait|wire|hesap|счет|계좌",
    ),
    (
        Cue::Card,
        "=card|=cards|=cc|credit|debit|=visa|mastercard|=amex|maestro|=cvv|=cvc|=cvv2|=cvc2|security code|karte|kreditkart|karti|kartes|carte bancaire|tarjeta|=carta|=karta|=karty|kortel|kaart|=kort|карт",
    ),
    (
        Cue::Company,
        "company|=org|orgnummer|orgnr|organisation|organization|organisationsnummer|registration number|reg no|reg. no|registrierungs|handelsregister|amtsgericht|=hrb|=hra|=uen|=abn|=acn|=brn|^uznemum|registracijas n|=krs|=rcs|=siren|=siret|y-tunnus|=cvr|kvk|=ico|registrikood|imones kod",
    ),
    (
        Cue::Plate,
        "plate|number plate|=registration|vehicle|vehicles|=car|=kfz|kennzeichen|nummernschild|numura zim|=numurzime|auto num|masinas|immatricul|matricula|=targa|kenteken|rejestracyj|=reg|rekisteri|registreringsn|nummerplade|plaka|plakasi|=fahrzeug|госномер|номер машин|автомобил|차량|licence plate|license plate",
    ),
    (
        Cue::Birth,
        "birth|=born|=dob|=d.o.b|^geboren|=geb|geburt|dzim|^naiss|=ne le|=nee le|anniversaire|nacid|nacim|=naci|cumpleanos|aniversario|\
         =nato|=nata|nascit|nascim|compleanno|=nasci|^nascid|geboorte|verjaardag|=geb.|urodz|=gim|gimim|^gimia|^gimes|^gimus|gimtadien|\
         =sund|^sundi|^sunni|synt|=fodt|^fodsel|=fodd|^fodelse|род|рожд|синт|=narozen|rojst|syntyn",
    ),
    (
        Cue::Address,
        "=address|address:|=addresses|address is|^adres|anschrift|=wohne|wohnhaft|=adrese|adresi|dzivo|adresse|=habite|direccion|=vivo|domicilio|indirizzo|=abito|=woon|=mieszkam|gyven|aadress|osoite|=asun|=bor|адрес|живу|\
         i live at|live at|ship to|ship it to|send it to|sent to|deliver to|delivered to|delivery to|taxi to|lives at|living at|reside|residing|office is at|located at|is at|going to",
    ),
    (
        Cue::Postcode,
        "=zip|zip code|zipcode|postcode|post code|postal|=plz|postleitzahl|pasta indeks|=indekss|code postal|codigo postal|=cap|kod pocztowy|kod poczt|postinumero|postnummer|postiindeks|pasto kod|индекс|cep",
    ),
    (
        Cue::Secret,
        "password|passwort|=pwd|=passwd|passphrase|parole|=paroli|=parolu|mot de passe|contrasena|=clave|wachtwoord|=haslo|slaptazod|salasana|losenord|parool|пароль|api key|api-key|apikey|api_key|secret|token|bearer|authorization|credential|private key|access key|access_key|client_secret|=otp|one-time|=pin|=pin code|puk|=pin-code|login code|verification code|einmalcode",
    ),
    (
        Cue::NameAfter,
        "my name is|my name's|my full name is|name:|name :|name is|names:|=i am|=i'm|this is|^signed by|on behalf of|ich heisse|mein name ist|mein name:|=ich bin|mani sauc|mans vards ir|mans vards|=esmu|vards:|uzvards:|vards, uzvards:|vards uzvards:|je m'appelle|mon nom est|=je suis|nom :|nom:|prenom:|\
         me llamo|mi nombre es|nombre:|=soy|mi chiamo|il mio nome e|nome:|=sono|ik heet|mijn naam is|naam:|nazywam sie|imie:|nazwisko:|mam na imie|mano vardas|vardas:|pavarde:|minu nimi on|nimi:|nimeni on|jag heter|mitt namn ar|namn:|jeg heter|mit navn er|navn:|меня зовут|мое имя|имя:|фамилия:|фио:|o meu nome e|chamo-me|\
         cardholder|card holder|account holder|karteninhaber|kontoinhaber|under the name|partner's name|wife's name|husband's name|in the name of|name on the card|auf den namen|speak with|speak to|talking to|spoke with|spoke to|talked to|contact person|ansprechpartner|assistant to|grand-opening of",
    ),
    (
        Cue::Title,
        "=mr|=mrs|=ms|=miss|=mx|=dr|=prof|=sir|=madam|=herr|=herrn|=frau|=fr|=hr|=monsieur|=madame|=mme|=mlle|=senor|=senora|=sr|=sra|=don|=dona|=signor|=signora|=sig|=dott|=dhr|=mevr|=mevrouw|=meneer|=pan|=pani|=pana|=ponas|=ponia|=kungs|=kundze|=k-gs|=k-dze|=gospodin|=господин|=госпожа|=harra|=proua|=rouva",
    ),
    (
        Cue::Greeting,
        "=dear|=hi|=hello|=hey|=hallo|=liebe|=lieber|=sehr geehrte|=sehr geehrter|guten tag|guten morgen|=moin|=sveiki|=sveika|=sveiks|labdien|=cien.|=god.|=godatais|=godata|=cienijamais|=cienijama|=bonjour|=cher|=chere|=salut|=hola|=estimado|=estimada|=querido|=querida|=ciao|=caro|=cara|=gentile|=egregio|buongiorno|=beste|=geachte|=czesc|=drogi|=droga|=szanowny|=szanowna|=labas|=gerbiamas|=gerbiama|=tere|=lugupeetud|=hei|=hyva|=hej|=basta|=kare|=kara|=здравствуйте|=привет|=уважаемый|=уважаемая",
    ),
    (
        Cue::SignOff,
        "^regards|=thanks|=thank you|=thx|=cheers|sincerely|yours truly|yours faithfully|best wishes|=best|grusse|gruss|grussen|=mfg|=lg|=vg|=danke|=ar cienu|=cienu|=paldies|cordialement|salutations|=merci|=saludos|atentamente|=gracias|cordiali saluti|distinti saluti|=saluti|=grazie|groeten|=groetjes|=groet|=mvg|=bedankt|pozdrawiam|z powazaniem|=dziekuje|=pagarbiai|=aciu|=lugupidamisega|=aitah|=terveisin|=kiitos|=halsningar|=mvh|=hilsen|=с уважением|=спасибо",
    ),
    (
        Cue::Street,
        "strasse|=str|=straat|straat|=street|=st|=road|=rd|=avenue|=ave|=lane|=ln|=drive|=dr|=boulevard|=blvd|=court|=ct|=close|=crescent|=cres|=square|=place|=pl|=terrace|=way|=parkway|=highway|=hwy|=park|=hill|=grove|=gardens|=mews|=row|=walk|=wynd|=glen|=circle|\
         =iela|=ielas|=iela,|=bulvaris|=gatve|=prospekts|=laukums|=rue|=av|=allee|allee|=chemin|=impasse|=quai|=cours|=place du|=calle|=c/|=avenida|=plaza|=paseo|=rua|=travessa|=largo|=praca|=via|=viale|=piazza|=corso|=vicolo|=contrada|=ulica|=ul|=aleja|=plac|=os|=gatve|=gatves|=pr|=prospektas|=tanav|=tn|=mnt|=puiestee|=tee|=maantee|katu|=tie|gatan|gata|vagen|vegen|veien|gate|=vei|=gade|gade|vej|=alle|=plads|weg|gasse|platz|ufer|damm|=ring|ring|laan|plein|=gracht|gracht|=kade|dreef|hof|=utca|=ut|=ter|=trg|=cesta|=namesti|=ulice|=улица|=ул|=проспект|=пр|=переулок|=шоссе|=бульвар|polku|kuja|torni|rinne|stien|stubben|stigen|backen|vangen|parken|toftevej|=zona|=psc|=box|=unit|=suite|=apt|=apartment|=flat",
    ),
];
