"""Words that say nothing about a theme, in all languages of the home market, folded (see data.text.fold)."""

import re
from functools import cache

import stopwordsiso

from voc.data.text import fold

LEAST_LETTERS = 3
WORD = rf"(?u)\b[^\W\d_]{{{LEAST_LETTERS},}}\b"

# stopwordsiso has Croatian, Slovenian and English, but no Serbian: these are the ekavian forms that Croatian lacks.
_SERBIAN = """
    a ako ali bi bih bila bile bili bilo bio biste bismo ce cemo cete ces cu da dakle deo do dok dosta ga gde
    hoce hocemo hocete hoces hocu hteo htela i iako ih ili im inace ipak iz iza ja jako je jedan jedna jedno jer
    jesam jesi jeste jesu jos ju juce juče kad kada kako kao ko koga koja koje koji kojoj kojih kojim koju kome
    kod li me mene meni mi mnogo moj moja moje moji mogu moze mozete mozemo mu na nad nakon nam nama nas nase
    nasa nasi ne necu nece nego neka neki neko nekoliko nema nemam nesto ni nije nijedan nikad nisam nisi niste
    nisu nista njega njegov njen njih njihov njoj njom o od oko on ona onda oni ono opet osim ova ovaj ovako ove
    ovde ovi ovo ovog ovu pa po pod pored posle pre preko prema pri prvo sa sada sam samo se sebe sebi si smo
    ste sta sto su sutra sve svi svoj svoja svoje svu ta tada taj tako takode te tebe tebi ti to tog toga tokom
    tom tu u uz uvek vas vam vama vec vise vrlo vas vasa vase vasi za zar zasto zato zbog zatim uopste ovome
    onaj nek imam imate ima imao imala trebalo treba mora moram niko
"""

# Of the words of conversation the package's Croatian list lacks these.
_CROATIAN = "tko nitko svatko uvijek nikada danas jucer dana dani dane"

# The package's Slovenian list is of written prose; these are the words of conversation that it lacks.
_SLOVENIAN = """
    ampak tudi se sem si je smo ste so bi bom bos bo bomo boste bodo bil bila bilo bili ni nisem nisi nismo
    niste niso kaj kdo kje kdaj kako kam zakaj ker saj torej zato namrec ter ali pa ne da do za na v z s k h po
    pri od iz ob o cez med pred brez skozi proti ta to tista tisti tisto tega tem temu te ti tale tole mi me
    meni moj moja moje nas nam nasa vas vam vasa vasi on ona ono oni njega njo njim jaz vi kateri katera katero
    ki kot le samo ze se vec manj zelo precej malo nekaj nic nihce vsak vsaka vse vsi danes vceraj jutri zdaj
    sedaj potem takrat prej nato spet imam ima imamo imate imel imela lahko moram mora treba rad rada naj bodisi
    morda mogoce menda sicer torej dobro dni dneva dnevi
"""

# What every contact says, whatever it is about.
_COURTESY = """
    erm uhm hmm mhm aha ovoga ovaj mislim recimo znaci jel kak pač eem skratka dakle imam imate bih htjela htio
    hteo htela rada rad bila bil molila molio prosila prosil zanima pitanje vprasanje question could would want
    need just hej hello hi hey dear regards sir madam thank thanks please kind help sorry yes okay ok good
    morning afternoon evening pozdrav pozdravljeni dobar dan jutro dobro jutro vece vecer lijep lep lepo hvala
    molim prosim postovani postovana spostovani lahko rad rada radi zivjo zdravo bok srdacan srdacno izvolite
    halo alo dober zdravo prosim hvala lepa prijazen prijazno e ej pa eh ovaj znaci mislim recimo pac ja no uh
    um er like you know yeah yep wanna gonna gotta lemme guys wondering zanima vidim znam reci
    kazem napisati javljam pisem imam dovidjenja dovidenja nasvidenje adijo cao caos tocno tacno prav goodbye bye
    correct right exactly
"""


def words_of(text: str) -> list[str]:
    """The words of a text, as themes see them: three letters and more, no digits."""
    return re.findall(WORD, text)


@cache
def stop_words() -> frozenset[str]:
    """Folded stop words of Croatian, Slovenian, Serbian and English, and the courtesies of service conversations."""
    listed = stopwordsiso.stopwords(["hr", "sl", "en"])
    own = f"{_SERBIAN} {_CROATIAN} {_SLOVENIAN} {_COURTESY}".split()
    # Cut as the vectoriser cuts: it sees "don't" as "don" and "t".
    return frozenset(part for word in [*listed, *own] for part in words_of(fold(word)))
