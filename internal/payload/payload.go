// Package payload encrypts what goes into Temporal: inputs, results, memos and the texts of failures.
//
// It is the second lock. The first is that no personal data is put there at all; this one covers
// mistakes, and stack traces and error texts that nobody wrote on purpose. Identifiers, workflow and
// activity names and search attributes stay readable, because Temporal itself needs them.
//
// Imports of ours: none. Only composition roots import it.
package payload

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

const (
	encoding    = "binary/encrypted"
	metaCipher  = "encryption-cipher"
	metaKeyID   = "encryption-key-id"
	cipherValue = "AES-256-GCM/random-nonce/v1"
)

// ErrUnreadable is in the chain of every error of decoding: the key is missing or the bytes were
// changed. It never carries content.
var ErrUnreadable = errors.New("an encrypted Temporal payload cannot be read")

// Converters are what client.Options wants as DataConverter and FailureConverter.
func Converters(keys *Keys) (converter.DataConverter, converter.FailureConverter, error) {
	codec, err := NewCodec(keys)
	if err != nil {
		return nil, nil, err
	}
	data := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codec)
	failures := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter:          data,
		EncodeCommonAttributes: true, // messages and stack traces too
	})
	return data, failures, nil
}

// Codec encrypts payloads with the first key and decrypts with any. Payloads that are not encrypted
// pass through decoding, so that histories from before the key was set stay readable.
type Codec struct {
	primary string
	aeads   map[string]cipher.AEAD
}

var _ converter.PayloadCodec = (*Codec)(nil)

// NewCodec makes a codec from at least one key.
func NewCodec(keys *Keys) (*Codec, error) {
	if keys == nil || len(keys.keys) == 0 {
		return nil, errors.New("payload encryption needs a key")
	}
	c := &Codec{primary: keys.keys[0].id, aeads: map[string]cipher.AEAD{}}
	for _, k := range keys.keys {
		block, err := aes.NewCipher(k.bytes)
		if err != nil {
			return nil, fmt.Errorf("payload key %s: %w", k.id, err)
		}
		if c.aeads[k.id], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("payload key %s: %w", k.id, err)
		}
	}
	return c, nil
}

// Encode encrypts whole payloads, their metadata (type and encoding) included.
func (c *Codec) Encode(in []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(in))
	for i, p := range in {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("encrypt a Temporal payload: %w", err)
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(encoding),
				metaCipher:                 []byte(cipherValue),
				metaKeyID:                  []byte(c.primary),
			},
			Data: c.aeads[c.primary].Seal(nil, nil, plain, boundTo(c.primary)), //nolint:gosec // this AEAD makes its own random nonce and takes none
		}
	}
	return out, nil
}

// Decode decrypts what Encode made.
func (c *Codec) Decode(in []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(in))
	for i, p := range in {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encoding {
			out[i] = p
			continue
		}
		plain, err := c.open(p)
		if err != nil {
			return nil, err
		}
		out[i] = plain
	}
	return out, nil
}

func (c *Codec) open(p *commonpb.Payload) (*commonpb.Payload, error) {
	if string(p.GetMetadata()[metaCipher]) != cipherValue {
		return nil, fmt.Errorf("%w: it was encrypted by another version of the product", ErrUnreadable)
	}
	id := string(p.GetMetadata()[metaKeyID])
	aead, ok := c.aeads[id]
	if !ok {
		return nil, fmt.Errorf("%w: its key is not in the key file; put the key that was used then back as a further line", ErrUnreadable)
	}
	plain, err := aead.Open(nil, nil, p.GetData(), boundTo(id))
	if err != nil {
		return nil, fmt.Errorf("%w: it was changed after it was written", ErrUnreadable)
	}
	var out commonpb.Payload
	if err := proto.Unmarshal(plain, &out); err != nil {
		return nil, fmt.Errorf("%w: it holds no payload", ErrUnreadable)
	}
	return &out, nil
}

// boundTo keeps a ciphertext from being passed off under another key or for another purpose.
func boundTo(keyID string) []byte {
	return []byte("tocsin temporal payload\x00" + cipherValue + "\x00" + keyID)
}
