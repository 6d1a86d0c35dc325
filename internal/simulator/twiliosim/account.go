package twiliosim

import (
	"net/http"
	"strings"
)

// Number is the one number of the account.
const Number = "+15005550006"

// account answers for the account itself.
func (s *Service) account(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.PathValue("name"), ".json") {
		notFound(w, r)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"sid": s.config.AccountSID, "friendly_name": "Simulator", "status": "active", "type": "Full",
		"uri": "/" + apiVersion + "/Accounts/" + s.config.AccountSID + ".json",
	})
}

// numbers lists the account's numbers that are like the one that is asked for.
func (s *Service) numbers(w http.ResponseWriter, r *http.Request) {
	list := []map[string]any{}
	if strings.Contains(Number, r.URL.Query().Get("PhoneNumber")) {
		list = append(list, map[string]any{"account_sid": s.config.AccountSID, "phone_number": Number, "friendly_name": Number, "api_version": apiVersion})
	}
	writeJSON(w, http.StatusOK, map[string]any{"incoming_phone_numbers": list, "page": 0, "page_size": 50})
}
