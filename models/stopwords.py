"""Words that say nothing about a theme, in all languages of the home market, in the folded form (see data.text.fold)."""

from functools import cache

import stopwordsiso

from voc.data.text import fold

# stopwordsiso has Croatian, Slovenian and English, but no Serbian: these are the ekavian forms that Croatian lacks.
_SERBIAN = """
    a ako ali bi bih bila bile bili bilo bio biste bismo ce cemo cete ces cu da dakle deo do dok dosta ga gde hoce hocemo
    hocete hoces hocu hteo htela i iako ih ili im inace ipak iz iza ja jako je jedan jedna jedno jer jesam jesi jeste jesu
    jos ju juce juče kad kada kako kao ko koga koja koje koji kojoj kojih kojim koju kome kod li me mene meni mi mnogo
    moj moja moje moji mogu moze mozete mozemo mu na nad nakon nam nama nas nase nasa nasi ne necu nece nego neka neki
    neko nekoliko nema nemam nesto ni nije nijedan nikad nisam nisi niste nisu nista njega njegov njen njih njihov njoj
    njom o od oko on ona onda oni ono opet osim ova ovaj ovako ove ovde ovi ovo ovog ovu pa po pod pored posle pre
    preko prema pri prvo sa sada sam samo se sebe sebi si smo ste sta sto su sutra sve svi svoj svoja svoje svu ta tada
    taj tako takode te tebe tebi ti to tog toga tokom tom tu u uz uvek vas vam vama vec vise vrlo vas vasa vase vasi
    za zar zasto zato zbog zatim uopste ovome onaj nek imam imate ima imao imala trebalo treba mora moram
"""

# What every contact says, whatever it is about.
_COURTESY = """
    hello hi hey dear regards sir madam thank thanks please kind help sorry yes okay ok good morning afternoon evening
    pozdrav pozdravljeni dobar dan jutro dobro jutro vece vecer lijep lep lepo hvala molim prosim postovani postovana
    spostovani lahko rad rada radi zivjo zdravo bok srdacan srdacno izvolite halo alo
    dober zdravo prosim hvala lepa prijazen prijazno e ej pa eh ovaj znaci mislim recimo pac ja no uh um er like you know
    zanima vidim znam reci kazem napisati javljam pisem imam
"""


@cache
def stop_words() -> frozenset[str]:
    """Folded stop words of Croatian, Slovenian, Serbian and English, and the courtesies of service conversations."""
    listed = stopwordsiso.stopwords(["hr", "sl", "en"])
    words = {fold(word) for word in [*listed, *_SERBIAN.split(), *_COURTESY.split()]}
    # An apostrophe splits a word for the vectoriser: "don't" is seen as "don" and "t".
    return frozenset(part for word in words for part in word.replace("'", " ").replace("’", " ").split())
