package render

// Variable is one row of the table of what templates may show.
type Variable struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // line, words, yes or no, list, mark (filled in for each person)
	Example string `json:"example"`
	Where   string `json:"where"`
	May     string `json:"may_be_empty,omitempty"` // why it may be empty: ask with if or with first
}

const (
	inNotices  = "notice, announcement"
	inNotice   = "notice"
	inBodies   = "email body, letter, page"
	inGuardian = "notice/.../guardian"
)

// Variables lists all variables of notices and announcements with their types; a test holds it to what there is.
// Reports show .F.<content field> of the rule packs, and .Duty.
func Variables() []Variable {
	return []Variable{
		{".Organisation", "line", "Example Organisation", inNotices, ""},
		{".Locale", "line", "pt-BR", inNotices, ""},
		{".Direction", "line", "ltr", inNotices, ""},
		{".Subject", "line", "A security notice from Example Organisation", "email body in HTML", ""},
		{".Title", "line", "Notice of Data Breach", inNotices, "only some laws prescribe a title"},
		{".Brief", "words", "On 15 January a copy of our accounts could be read.", "call", ""},
		{".Summary", "words", "On 15 January a copy of our accounts could be read.", inBodies, ""},
		{".Consequences", "words", "Somebody could try your password elsewhere.", inBodies, ""},
		{".MeasuresTaken", "words", "We closed the access.", inBodies, ""},
		{".MeasuresPlanned", "words", "We store passwords in a stronger form.", inBodies, ""},
		{".IndividualSteps", "words", "Change your password.", inBodies, ""},
		{".Remedies", "words", "A free check of your account.", inBodies, ""},
		{".More", "list", ".Heading and .Text of each: what a law asks for besides", inBodies, "most laws ask for nothing more"},
		{".Data", "line", "names, email addresses", "announcement", ""},
		{".People", "line", "184,000", "announcement", "the number may not be known"},
		{".Advice", "list", "Change the password wherever you used the same one.", "announcement", ""},
		{".Contact.Name", "line", "Privacy desk", inNotices, ""},
		{".Contact.Email", "line", "privacy@organisation.example", inNotices, "a phone number is enough"},
		{".Contact.Phone", "line", "+1 202 555 0100", inNotices, "an email address is enough"},
		{".Contact.Address", "line", "1 Example Street", inNotices, "no address may be given"},
		{".Ask", "line", "+1 202 555 0100", "SMS", ""},
		{".AnswerDays", "line", "15 days", inNotices, "the policy may promise nothing"},
		{".MinorAge", "line", "14", inNotices, "the policy may name no age"},
		{".Guardian", "yes or no", "children are concerned", inNotices, ""},
		{".Page", "line", "https://organisation.example/notices/EXM-2026-01", "SMS, push, page", ""},
		{".Verify", "line", "organisation.example/verify", inNotices, ""},
		{".Person.Greeting", "mark", "Dear Alex Example,", inNotice, ""},
		{".Person.Child", "mark", "the child in your care", inGuardian, ""},
		{".Person.Reference", "mark", InventedReference, inNotice, ""},
		{".Person.Data", "mark", "email address, password", inNotice, ""},
		{".Person.Advice", "mark", "- Change the password wherever you used it.", "email body, letter", ""},
		{".Person.ShortAdvice", "mark", "Change your password.", "SMS, call", ""},
	}
}
