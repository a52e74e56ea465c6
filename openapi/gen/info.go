package main

// General API information, in the notation of swag.
//
//	@title			soapbridge
//	@version		1.0
//	@contact.name	soapbridge
//	@description	A REST-to-SOAP translation proxy: JSON in, exactly the right envelope out, sent at most once, and an honest answer about what happened.
//	@description
//	@description	**The promise:** *For one caller and one Idempotency-Key, the upstream operation is sent at most once while the record is retained. A finished result is replayed byte for byte. When the proxy cannot know the outcome it says so, never retries, and offers a way to settle it.*
//	@description
//	@description	- Every write carries an `Idempotency-Key`: a fresh random one for each new operation, the same one for each repetition of it.
//	@description	- Whichever side refuses, the answer is one `application/problem+json` (RFC 9457). `outcome` says what is known of the execution upstream, `retry` what to do next, and `errors` names every wrong place at once. A rejected value is never repeated.
//	@description	- JSON names are the vendor's names in lowerCamelCase. Absent, `null` and `[]` all mean: no element. Unknown, misspelt and duplicate members are refused, never ignored. Texts are sent exactly as they are written; a character that XML 1.0 cannot carry is refused.
//	@description	- Every operation has a preview, `POST {path}/preview`: it answers with the envelope that would be sent, with secrets masked, and sends nothing.
//	@description
//	@description	Beside this document: [every value with its place in the envelope](/v1/operations-catalogue), [every problem and what to do](/problems), requests for [editors](/soapbridge.http) and for [Postman](/soapbridge.postman_collection.json).
//	@description
//	@description	`x-source` of a member says where its rules come from: `page` is printed on the vendor's page, `source` is known from the vendor's own schema, `decided` is this product's choice where the page is silent, and a note is that of the page. What an imported system has is from its WSDL.
//	@tag.name			CustomerCare
//	@tag.description	Southern Company's CustomerCareService (ASMX; SOAP 1.1 and 1.2)
//	@tag.name			MDS
//	@tag.description	MDS Global CMP (JAX-WS; SOAP 1.1)
//	@tag.name			Emersion
//	@tag.description	Emersion Cumulus (PHP; SOAP 1.1)
//	@tag.name			Operations
//	@tag.description	What became of an operation, and settling those whose outcome is unknown
//	@tag.name			Tools
//	@tag.description	What only a demo has
//	@tag.name			Health
//	@tag.description	Probes
