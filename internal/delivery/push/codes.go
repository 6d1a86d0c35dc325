package push

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/api/googleapi"

	"github.com/tocsin-engine/tocsin/internal/delivery"
)

// judge turns a refusing answer into a failure. Codes: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode.
func judge(e *googleapi.Error, m delivery.Message, now time.Time) *delivery.Failure {
	code, message := fcmCode(e)
	detail := fmt.Sprintf("HTTP %d", e.Code)
	if code != "" {
		detail = fmt.Sprintf("%s, HTTP %d", code, e.Code)
	}
	if text := delivery.Redact(message, m); text != "" {
		detail += ": " + text
	}
	if runes := []rune(detail); len(runes) > delivery.MaxDetail {
		detail = string(runes[:delivery.MaxDetail])
	}
	after := delivery.RetryAfter(e.Header, now)
	switch {
	case e.Code == http.StatusTooManyRequests || code == "QUOTA_EXCEEDED":
		return delivery.Temporary(delivery.ReasonProviderBusy, detail, after)
	case e.Code == http.StatusServiceUnavailable:
		return delivery.Temporary(delivery.ReasonProviderDown, detail, after)
	case e.Code/100 != 4 || e.Code == http.StatusRequestTimeout:
		return delivery.NoAnswer(detail)
	case code == "UNREGISTERED":
		return &delivery.Failure{Reason: delivery.ReasonTokenGone, Detail: detail}
	case code == "SENDER_ID_MISMATCH": // of another project
		return &delivery.Failure{Reason: delivery.ReasonTokenOther, Detail: detail}
	case code == "THIRD_PARTY_AUTH_ERROR", e.Code == http.StatusUnauthorized, e.Code == http.StatusForbidden, e.Code == http.StatusNotFound:
		// The account, its rights or the project are wrong; that says nothing about the person.
		return delivery.Temporary(delivery.ReasonAuth, detail, after)
	case code == "INVALID_ARGUMENT", e.Code == http.StatusBadRequest:
		return &delivery.Failure{Reason: delivery.ReasonBadInput, Detail: detail}
	}
	return &delivery.Failure{Reason: delivery.ReasonRejected, Detail: detail}
}

// knownCodes are the codes that may stand in a detail; anything else there would be the vendor's free text.
const knownCodes = " UNSPECIFIED_ERROR INVALID_ARGUMENT UNREGISTERED SENDER_ID_MISMATCH QUOTA_EXCEEDED UNAVAILABLE INTERNAL THIRD_PARTY_AUTH_ERROR "

// fcmCode finds the vendor's own code in the details of an answer, else the status that names the same.
func fcmCode(e *googleapi.Error) (code, message string) {
	var body struct {
		Error struct {
			Status  string `json:"status"`
			Message string `json:"message"`
			Details []struct {
				Type      string `json:"@type"`
				ErrorCode string `json:"errorCode"`
			} `json:"details"`
		} `json:"error"`
	}
	if json.Unmarshal([]byte(e.Body), &body) != nil {
		return "", ""
	}
	code = body.Error.Status
	for _, d := range body.Error.Details {
		if strings.HasSuffix(d.Type, "google.firebase.fcm.v1.FcmError") {
			code = d.ErrorCode
		}
	}
	if code == "" || strings.Contains(code, " ") || !strings.Contains(knownCodes, " "+code+" ") {
		code = ""
	}
	return code, body.Error.Message
}
