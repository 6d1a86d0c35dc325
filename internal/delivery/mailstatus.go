package delivery

import "strings"

// ReasonOfStatus gives the reason behind an enhanced status code of mail (RFC 3463 and the registry of them) that
// refuses for good, such as 5.1.1; empty for one that says nothing definite.
func ReasonOfStatus(code string) string {
	class, status, _ := strings.Cut(code, ".")
	if class != "5" {
		return ""
	}
	switch status {
	case "1.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "4.1", "4.4":
		return ReasonNoMailbox
	case "2.2":
		return ReasonMailboxFull
	case "6.7", "6.8", "6.9":
		return ReasonBadInput
	case "2.3", "3.4", "1.7", "1.8":
		return ReasonRejected
	}
	if strings.HasPrefix(status, "7.") {
		return ReasonPolicyBlock
	}
	return ""
}
