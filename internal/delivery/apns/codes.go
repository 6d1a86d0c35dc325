package apns

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// answer is what a refusal says.
type answer struct {
	status int
	reason string
	header http.Header
}

// reasons are the words that may stand in a detail; anything else there would be the vendor's free text
// (developer.apple.com, "Handling notification responses from APNs").
const reasons = " BadCollapseId BadDeviceToken BadExpirationDate BadMessageId BadPriority BadTopic DeviceTokenNotForTopic DuplicateHeaders" +
	" IdleTimeout InvalidPushType MissingDeviceToken MissingTopic PayloadEmpty TopicDisallowed BadCertificate BadCertificateEnvironment" +
	" ExpiredProviderToken Forbidden InvalidProviderToken MissingProviderToken UnrelatedKeyIdInToken BadEnvironmentKeyIdInToken BadPath" +
	" MethodNotAllowed ExpiredToken Unregistered PayloadTooLarge TooManyProviderTokenUpdates TooManyRequests InternalServerError" +
	" ServiceUnavailable Shutdown "

func readAnswer(status int, header http.Header, body []byte) answer {
	var said struct {
		Reason string `json:"reason"`
	}
	if json.Unmarshal(body, &said) != nil || said.Reason == "" || strings.Contains(said.Reason, " ") || !strings.Contains(reasons, " "+said.Reason+" ") {
		said.Reason = ""
	}
	return answer{status, said.Reason, header}
}

// failure is what a refusal means.
func (a answer) failure(now time.Time) *delivery.Failure {
	detail := fmt.Sprintf("HTTP %d", a.status)
	if a.reason != "" {
		detail = a.reason + ", " + detail
	}
	after := delivery.RetryAfter(a.header, now)
	switch a.reason {
	case "Unregistered", "ExpiredToken":
		return &delivery.Failure{Reason: delivery.ReasonTokenGone, Detail: detail}
	case "BadDeviceToken", "DeviceTokenNotForTopic":
		// No device of this app in this environment has it. The vendor says the same when the settings are of another app, or
		// of the sandbox: whoever mends them can have these people tried again, which a token that is gone never is.
		return &delivery.Failure{Reason: delivery.ReasonTokenOther, Detail: detail}
	case "BadTopic", "MissingTopic", "TopicDisallowed", "BadPath", "MethodNotAllowed", "InvalidPushType":
		// The settings are wrong; that says nothing about the person.
		return delivery.Temporary(delivery.ReasonAuth, detail, after)
	case "IdleTimeout", "Shutdown":
		return delivery.Temporary(delivery.ReasonProviderDown, detail, after)
	}
	switch a.status {
	case http.StatusGone:
		return &delivery.Failure{Reason: delivery.ReasonTokenGone, Detail: detail}
	case http.StatusTooManyRequests:
		return delivery.Temporary(delivery.ReasonProviderBusy, detail, after)
	case http.StatusServiceUnavailable:
		return delivery.Temporary(delivery.ReasonProviderDown, detail, after)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed:
		return delivery.Temporary(delivery.ReasonAuth, detail, after)
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return &delivery.Failure{Reason: delivery.ReasonBadInput, Detail: detail}
	}
	if a.status/100 == 4 && a.status != http.StatusRequestTimeout {
		return &delivery.Failure{Reason: delivery.ReasonRejected, Detail: detail}
	}
	return delivery.NoAnswer(detail)
}
