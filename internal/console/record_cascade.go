package console

import "fmt"

// toldCascade says what was taken back, what it costs, and what those who carry messages were told.
func (l speech) toldCascade(action, who string, d recordData) string {
	amount := func(n float64) string { return fmt.Sprintf("%.2f %s", n, d.Currency) }
	switch action {
	case "letters.dropped":
		return l.T("%s letters were taken out before the printer had them: their people were told meanwhile, or must not be told.", l.Num(d.Letters))
	case "calls.dropped":
		return l.T("%s calls were taken off the list: their people were told meanwhile, or must not be told.", l.Num(d.Calls))
	case "cost.limit":
		return l.T("The limit of costs is reached: %s were spent at most, %s are due, %s are allowed. A person decides.", amount(d.Spent), amount(d.Due), amount(d.Limit))
	case "processors.register":
		return l.T("It was put on record who carries messages under the policy, and where data may go.")
	case "processors.begun":
		return l.T("Those who carried messages are told to delete what they got.")
	case "processors.deleted":
		return l.T("%s deleted what it got of %s messages; %s could not be deleted there.", d.Provider, l.Num(d.Deleted), l.Num(d.Kept))
	case "processors.requested":
		return l.T("%s asked %s to delete what it got, reference %s.", who, d.Provider, d.Reference)
	}
	return ""
}
