package delivery

// Reason codes. Few, stable, the same for all providers; the provider's own text is kept as detail.
const (
	ReasonNoMailbox     = "no_such_address"
	ReasonMailboxFull   = "mailbox_full"
	ReasonPolicyBlock   = "blocked_by_receiver"
	ReasonGreylisted    = "try_later"
	ReasonProviderBusy  = "provider_busy"
	ReasonProviderDown  = "provider_unreachable"
	ReasonRejected      = "rejected"
	ReasonOptedOut      = "opted_out"
	ReasonNumberInvalid = "number_invalid"
	ReasonHandsetOff    = "handset_unreachable"
	ReasonNumberUnknown = "number_not_in_use"
	ReasonLandline      = "landline"
	ReasonFiltered      = "filtered_by_carrier"
	ReasonTokenGone     = "app_removed"
	ReasonTokenOther    = "token_of_another_app"
	ReasonNoAnswer      = "no_answer"
	ReasonCrash         = "interrupted"
	ReasonTLS           = "tls_required"
	ReasonAuth          = "provider_refused_login"
	ReasonSender        = "sender_not_allowed"
	ReasonBadInput      = "cannot_be_sent"
	ReasonGaveUp        = "gave_up"
	ReasonReturned      = "mail_returned"
	ReasonNotPrinted    = "not_printed"
	ReasonBusy          = "line_busy"
	ReasonNobody        = "nobody_answered"
	ReasonMachine       = "answering_machine"
	ReasonHungUp        = "hung_up"
	ReasonWrongNumber   = "wrong_number"
	ReasonRefusedCall   = "call_refused"
	ReasonCallBack      = "call_back"
)

// Reason explains a code to a person: the cause in plain words, what happens by itself, what a person can
// do.
type Reason struct{ Cause, Next, Do string }

// Reasons is the catalogue behind every failure that users see.
var Reasons = map[string]Reason{
	ReasonNoMailbox:     {"The mailbox does not exist", "Goes on to the next channel", "Nothing. If you hold newer addresses, load them as a new list"},
	ReasonMailboxFull:   {"The mailbox is full", "Tried again later, then the next channel", "Nothing"},
	ReasonPolicyBlock:   {"The receiving server refuses the message", "Goes on to the next channel", "Ask your mail team to contact that server's postmaster"},
	ReasonGreylisted:    {"The receiving server asks to try later", "Tried again by itself", "Nothing"},
	ReasonProviderBusy:  {"The provider limits the rate", "Tried again by itself", "Nothing; raise the limit at the provider if it lasts"},
	ReasonProviderDown:  {"The provider could not be reached", "Tried again by itself", "Look at the provider's status page"},
	ReasonRejected:      {"The provider refused the message", "Goes on to the next channel", "Look at the detail"},
	ReasonOptedOut:      {"The person stopped messages from this number", "Goes on to the next channel", "Nothing; never argue with the carrier"},
	ReasonNumberInvalid: {"The number is not valid", "Goes on to the next channel", "If you hold newer numbers, load them as a new list"},
	ReasonHandsetOff:    {"The phone cannot be reached", "Tried again, then the next channel", "Nothing"},
	ReasonNumberUnknown: {"The number is not in use", "Goes on to the next channel", "Nothing"},
	ReasonLandline:      {"The number cannot take text messages", "Goes on to the next channel", "Nothing"},
	ReasonFiltered:      {"The carrier filtered the message", "Goes on to the next channel", "Register the sender with the provider"},
	ReasonTokenGone:     {"The app was removed from the phone", "Never sent there again; goes on to the next channel", "Take the token out of your own records"},
	ReasonTokenOther:    {"The push token is of another app, or of the other environment of this one", "Goes on to the next channel", "If many have it, the settings of the provider are of another app than the list: mend them and try these people again"},
	ReasonNoAnswer:      {"The provider did not answer", "The provider is asked; never sent again blindly", "Nothing, or decide by hand"},
	ReasonCrash:         {"Sending was interrupted", "The provider is asked; never sent again blindly", "Nothing"},
	ReasonTLS:           {"The server offers no verified encryption", "Tried again later", "Mend the server's certificate, or allow plaintext in the settings"},
	ReasonAuth:          {"The provider refuses our login, our account or our sender", "Tried again later", "Check credentials and sender in the settings, and the account with the provider"},
	ReasonSender:        {"Our sender or account may not reach this country or network", "Tried again later, then the next channel", "Register the sender, or have the country opened, with the provider; then try these people again"},
	ReasonGaveUp:        {"Mail servers tried for days and gave up", "Goes on to the next channel", "Nothing. If many are of one domain, look at that server's answers in the detail"},
	ReasonReturned:      {"The letter came back", "Goes on to the next channel", "Nothing. If you hold newer addresses, load them as a new list"},
	ReasonNotPrinted:    {"The printer could not print the letter", "Printed again, then the next channel", "Ask the printer what was wrong with it"},
	ReasonBusy:          {"The line was busy", "Called again later, then the next channel", "Nothing"},
	ReasonNobody:        {"Nobody answered the call", "Called again later, then the next channel", "Nothing"},
	ReasonMachine:       {"An answering machine took the short text, without facts", "Called again later, then the next channel", "Nothing"},
	ReasonHungUp:        {"Somebody answered and hung up before the notice was heard", "Called again later, then the next channel", "Nothing"},
	ReasonWrongNumber:   {"Somebody else has this number", "Goes on to the next channel", "If you hold newer numbers, load them as a new list"},
	ReasonRefusedCall:   {"The person did not want to listen", "Goes on to the next channel", "Nothing"},
	ReasonCallBack:      {"The person asked to be called another time", "Stays on the call list", "Call again at the agreed time"},
	ReasonBadInput:      {"The contact cannot be used as it is", "Goes on to the next channel", "Correct it and load it as a new list"},
}
