// SPDX-License-Identifier: MIT
#include "stopwords.hpp"

#include <functional>
#include <set>
#include <string>

#include "words.hpp"

namespace llmspool::ats {

namespace {

constexpr std::string_view kEnglish =
    "a about above across after again against all along alongside also although always am among an "
    "and another any anyone anything are area around as ask at available away back be because "
    "become "
    "been before behind being below best better between both bring but by can cannot come clearly "
    "closely could day deep "
    "did do does doing done down during each either else end enough equal etc even ever every "
    "everyone everything few first for found from full further general get give go good great had "
    "has have having he help her here high highly him his how however i idea if in including into "
    "is "
    "it its itself just keep kind know known large last least less let level like little ll long "
    "look looking lot made main make makes making many may me mean might mind more most much must "
    "my "
    "near need needed needs neither never new next nice no nor not nothing now of off often on "
    "once "
    "one only onto open or other our out over own part people per place please plus possible "
    "present "
    "previous proper put quickly quite rather re real really right s same say see seek set shall "
    "she "
    "should show similar since small so some someone something soon still strong such sure t take "
    "than that the their them then there these they thing this those through throughout thus time "
    "to "
    "together too toward towards two three under until up upon us use used useful using various ve "
    "very via want wants was way we welcome well were what whatever when where whether which while "
    "who whole whom whose why will wish with within without word work worked working world would "
    "yes "
    "yet you your yourself e.g i.e";

constexpr std::string_view kEnglishPostings =
    "ability able advantage advert answer apply applicant application background based benefit "
    "bonus "
    "build building candidate career challenge colleague company competitive contract contribute "
    "core cover cv daily date degree description desirable desired duty employee employer "
    "employment "
    "english environment equivalent essential evidence example excellent expect expected "
    "experience "
    "experienced expert expertise familiar familiarity field fluent fluency flexible free friendly "
    "future growing growth hands hand-on happy hire hiring holiday home hour ideal ideally job "
    "join "
    "key knowledge learn letter life location love maintain manage matter member mission month "
    "motivated "
    "office offer opportunity organisation organization own passion passionate perk permanent "
    "person "
    "position practical practice preferred prior profile proficiency proficient profile proven "
    "provide qualification range ready related relevant remote require required requirement "
    "responsibility responsible role salary section seeking self senior junior service skill "
    "skilled "
    "solid solution spirit staff start successful suitable support task team temporary title track "
    "tool understanding university week weekly willing willingness write writing year young";

// What postings begin their lists' items with.
constexpr std::string_view kEnglishVerbs =
    "achieve act adapt add address advise analyse analyze assist attend check collaborate "
    "collaborating "
    "combine communicate communicating complete conduct connect contributing coordinate create "
    "creating cut define deliver delivering demonstrate design designing develop developing "
    "discover "
    "drive driving enable encourage engage enjoy ensure ensuring explain explore follow handle "
    "helping identify implement implementing improve improving increase introduce lead leading "
    "leverage live managing meet monitor move moving operate operating optimise optimize "
    "participate "
    "perform plan prepare prioritise prioritize produce promote providing reach receive reduce "
    "replace respond review run running serve several shape share single solve solving speak "
    "strive "
    "succeed supporting talk think train translate travel turn updating value";

constexpr std::string_view kGerman =
    "aber alle allem allen aller alles als also am an andere anderem anderen anderer anderes auch "
    "auf "
    "aus außerdem bei beim bereits bis bist bitte bzw da dabei dadurch dafür daher damit danach "
    "dann "
    "daran darauf darin das dass davon dazu dein deine deinem deinen deiner dem den denn der deren "
    "des "
    "dessen dich die dies diese diesem diesen dieser dieses dir doch dort du durch eigene eigenen "
    "ein "
    "eine einem einen einer eines er es etwa etwas euch euer eure eurem euren eurer für gegen gern "
    "gerne habe haben hast hat hatte hier hin ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres "
    "im "
    "immer in indem innerhalb ist ja jede jedem jeden jeder jedes jetzt kann kannst kein keine "
    "keinem "
    "keinen keiner können könnte man manche mehr mein meine meinem meinen meiner mich mir mit "
    "mittels "
    "möchten muss müssen nach neben neue neuen neuer neues nicht noch nun nur ob oder ohne per "
    "schon "
    "sehr sein seine seinem seinen seiner seit selbst sich sie sind so sodass sollte sollten sowie "
    "sowohl statt über um und uns unser unsere unserem unseren unserer unter viel viele vielen vom "
    "von "
    "vor wann war waren warum was weil weitere weiteren welche welchem welchen welcher wenn wer "
    "werden "
    "wie wir wird wirst wo wollen worin wurde zu zudem zum zur zwei zwischen z.b d.h u.a ggf inkl "
    "m w d";

constexpr std::string_view kGermanPostings =
    "abgeschlossene abgeschlossenes abschluss anforderung anforderungen arbeit arbeiten arbeitest "
    "aufgabe aufgaben ausbildung benefits bereich bereiche bereitschaft berufserfahrung bewerber "
    "bewerberin bewerbung bieten bietet bringst deutsch deutschkenntnisse eigenverantwortlich "
    "einsatz englisch englischkenntnisse entwickelst entwickeln erfahren erfahrung erfahrungen "
    "erforderlich erste ersten erwarten erwartet fähigkeit fähigkeiten fragen freuen fundierte "
    "fundiertes gute guten gutes hohe hohes idealerweise jahr jahre jahren kenntnis kenntnisse "
    "kollegen kolleginnen mehrjährige mindestens mitarbeit mitarbeiter mitarbeiterin möglichkeit "
    "monat person plus praxis profil relevante rolle sehr sicher sicherer sichere stelle "
    "stellenbeschreibung studium suchen suchst team tätigkeit umfeld umgang unternehmen "
    "unterstützen unterstützt urlaub vergleichbar vergleichbare verfügst verfügen verständnis "
    "vollzeit teilzeit vorteil voraussetzung wünschenswert wünschen zusammenarbeit";

std::set<std::string, std::less<>> keys_of_all() {
  std::set<std::string, std::less<>> keys;
  for (const auto list : {kEnglish, kEnglishPostings, kEnglishVerbs, kGerman, kGermanPostings})
    for (const auto& word : words_of(list)) keys.insert(word.key);
  return keys;
}

}  // namespace

bool is_stopword(std::string_view key) {
  static const auto keys = keys_of_all();
  return keys.contains(key);
}

}  // namespace llmspool::ats
