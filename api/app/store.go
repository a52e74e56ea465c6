package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"

	"soapbridge/api/config"
	"soapbridge/api/idempotency"
)

// store returns where the records are kept, Redis where it is configured, else this process's memory; and the vault that makes them.
func store(c config.Config, log *slog.Logger) (idempotency.Store, *idempotency.Vault, error) {
	keys, err := vault(c)
	if err != nil {
		return nil, nil, err
	}
	retention := idempotency.Retention{Done: c.IdempotencyRetention, Unknown: max(idempotency.UnknownRetention, c.IdempotencyRetention)}
	r, shared := c.Redis()
	if !shared {
		return idempotency.NewMemory(idempotency.MemoryOptions{Retention: retention}), keys, nil
	}
	options := idempotency.RedisOptions{
		Addrs: r.Addrs, Master: r.Master, Username: r.Username, Password: string(r.Password), DB: r.DB,
		Retention: retention, WaitReplicas: c.RedisWaitReplicas, Checks: keys.Checks(), Log: log,
	}
	if r.TLS {
		options.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	records, err := idempotency.NewRedis(options)
	if err != nil {
		return nil, nil, err
	}
	return records, keys, nil
}

func vault(c config.Config) (*idempotency.Vault, error) {
	if c.NameKey == "" || len(c.SecretKeys) == 0 {
		return idempotency.NewRandomVault() // the configuration demands keys wherever records outlive the process
	}
	keys := make([]idempotency.Key, len(c.SecretKeys))
	for i, k := range c.SecretKeys {
		keys[i] = idempotency.Key{ID: k.ID, Secret: []byte(k.Key)}
	}
	return idempotency.NewVault([]byte(c.NameKey), keys)
}

// foreign names the setting by which a store is not this proxy's, if that is why it cannot be used.
func foreign(err error) error {
	mismatch, ok := errors.AsType[*idempotency.Mismatch](err)
	if !ok {
		return nil
	}
	switch mismatch.Of {
	case idempotency.MismatchOfNameKey:
		return fmt.Errorf("SOAPBRIDGE_NAME_KEY: %w", mismatch)
	case idempotency.MismatchOfSealingKey:
		return fmt.Errorf("SOAPBRIDGE_SECRET_KEYS: %w", mismatch)
	case idempotency.MismatchOfRecords:
	}
	return mismatch
}

// checkStoreAtStart logs what the first call would find out otherwise. Its error is a setting that is wrong; a store that is away may come back.
func checkStoreAtStart(ctx context.Context, store idempotency.Store, log *slog.Logger) error {
	found, err := store.Ready(ctx)
	if err := foreign(err); err != nil {
		return err
	}
	if err != nil {
		log.Error("the store of idempotency records cannot be used as it is, and this proxy is not ready: calls may be refused", slog.String("cause", err.Error()))
	}
	if found.PolicyUnverified {
		log.Warn("the store of idempotency records does not say whether it may evict some: set maxmemory-policy noeviction", slog.String("policy", "unverified"))
	}
	return nil
}
