package app

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"soapbridge/api/config"
	"soapbridge/api/edge"
	"soapbridge/translate"
	"soapbridge/translate/customercare"
	"soapbridge/translate/emersion"
	"soapbridge/translate/mds"
	"soapbridge/translate/secret"
	"soapbridge/translate/soap"
	"soapbridge/upstream"
)

// system is a vendor's service.
type system struct {
	name       string // in settings and in the log
	settings   config.System
	operations []translate.Operation
}

const lenient = "lenient"

// systemsOf returns all systems, in the order of the documents.
func systemsOf(c config.Config) ([]system, error) {
	// The client bounds what comes over the wire; a reply in another encoding grows up to three times in UTF-8.
	limits := soap.Limits{Bytes: 3 * int(c.MaxReply)}
	version := soap.V11
	if c.CustomerCare.SOAPVersion == soap.V12.String() {
		version = soap.V12
	}
	care, err1 := customercare.Operations(customercare.Config{
		Version:     version,
		DirectToken: c.CustomerCare.DirectToken, OriginatingToken: c.CustomerCare.OriginatingToken, UserID: c.CustomerCare.UserID,
		Username: c.CustomerCare.WSSEUsername, Password: c.CustomerCare.WSSEPassword,
		SuccessCodes: c.CustomerCare.SuccessCodes, CodeStatus: c.CustomerCare.CodeStatus,
		Secrets: transportSecrets(c.CustomerCare.System), Limits: limits,
	})
	cmp, err2 := mds.Operations(mds.Config{
		SOAPAction: c.MDS.SOAPAction, Username: c.MDS.WSSEUsername, Password: c.MDS.WSSEPassword,
		Secrets: transportSecrets(c.MDS.System), Limits: limits,
	})
	cumulus, err3 := emersion.Operations(emersion.Config{
		Namespace: c.Emersion.Namespace, SOAPAction: c.Emersion.SOAPAction, Username: c.Emersion.WSSEUsername, Password: c.Emersion.WSSEPassword,
		LenientIdentifiers: c.Emersion.IdentifierCheck == lenient,
		Secrets:            transportSecrets(c.Emersion.System), Limits: limits,
	})
	return []system{
		{"customercare", c.CustomerCare.System, care}, {"mds", c.MDS.System, cmp}, {"emersion", c.Emersion.System, cumulus},
	}, errors.Join(err1, err2, err3)
}

// transportSecrets are masked in whatever the vendor says.
func transportSecrets(s config.System) []secret.Secret {
	secrets := []secret.Secret{s.BasicPassword, s.WSSEPassword}
	if s.BasicUsername != "" { // as in the HTTP header
		basic := base64.StdEncoding.EncodeToString([]byte(s.BasicUsername + ":" + string(s.BasicPassword)))
		secrets = append(secrets, secret.Secret(basic))
	}
	return secrets
}

// rulesOff are the marks of the rules that the configuration turns off.
func rulesOff(c config.Config) []string {
	if c.Emersion.IdentifierCheck == lenient {
		return []string{emersion.StrictIdentifiers}
	}
	return nil
}

// client returns the client of a system, nil where no URL is configured.
func (s system) client(maxReply int64, events upstream.Events) (*upstream.Client, error) {
	if s.settings.URL == "" {
		return nil, nil //nolint:nilnil // nil is how edge.System spells that no URL is configured
	}
	client, err := upstream.New(upstream.Config{
		URL: s.settings.URL, DialTimeout: s.settings.DialTimeout, Timeout: s.settings.Timeout, MaxIdle: s.settings.MaxInFlight, MaxReply: maxReply,
		NoKeepAlive: s.settings.KeepAlive == "off", UserAgent: userAgent(), Events: events,
		TLSCA: s.settings.TLSCA, TLSCert: s.settings.TLSCert, TLSKey: s.settings.TLSKey,
		BasicUsername: s.settings.BasicUsername, BasicPassword: s.settings.BasicPassword,
	})
	if err != nil {
		return nil, fmt.Errorf("SOAPBRIDGE_%s_*: %w", strings.ToUpper(s.name), err)
	}
	return client, nil
}

// events logs and counts strange connections to a system.
func events(system string, metrics *edge.Metrics, log *slog.Logger) upstream.Events {
	log = log.With(slog.String("system", system))
	return upstream.Events{
		Stray: func(operationID string) {
			log.Error("the upstream sent an answer that no call asked for: the answer to this operation, or to one near it, may be that of another call; "+
				"look for it in the vendor's records", slog.String("operation_id", operationID), slog.Bool("alert", true))
			metrics.StrayAnswer(system)
		},
		Suspect: func(suspect bool) {
			if suspect {
				log.Warn("connections to the upstream are not kept for a while: an answer without an envelope, or one that no call asked for, came over one")
			} else {
				log.Info("connections to the upstream are kept again")
			}
			metrics.Suspect(system, suspect)
		},
	}
}
