package imported

import (
	"cmp"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"soapbridge/translate"
	"soapbridge/translate/record"
	"soapbridge/translate/rules"
	"soapbridge/translate/secret"
	"soapbridge/translate/shape"
	"soapbridge/translate/soap"
)

// prefix spells the namespace of the operation element.
const prefix = "op"

// definition describes the operation whose messages are made.
func (b *builder) definition(versions []soap.Version) (translate.Definition, error) {
	c, o := &b.config, b.overlay
	d := translate.Definition{
		System: b.loader.overlay.System, Name: o.Name, ID: strings.ReplaceAll(b.loader.overlay.System, "-", "_") + "_" + o.Name,
		Method: o.Route.Method, Path: o.Route.Path, Status: cmp.Or(o.Status, translate.StatusOK), Summary: o.Summary, About: b.bound.Operation.Documentation,
		ReadOnly: o.Kind == Read, Cache: o.Cache, Shared: o.Shared,
		Version: cmp.Or(c.Version, versions[0]), Limits: c.Limits,
		Request: b.request.Shape, Response: b.reply.Shape, OneWay: b.bound.Output == nil, Compiler: b.loader.rules,
		Security: c.Security, Addressing: c.Addressing, Secrets: slices.Concat(c.Secrets, b.secrets),
		Binding: soap.Binding{
			EnvelopePrefix: map[soap.Version]string{}, Request: b.request.Around, Reply: b.reply.Around, Action: b.bound.SOAPAction,
		},
	}
	if len(b.request.Around) > 0 && b.request.Around[0].Space != "" {
		d.Binding.Namespace, d.Binding.Prefix = b.request.Around[0].Space, prefix
	}
	for _, v := range versions {
		d.Binding.EnvelopePrefix[v] = "soap"
	}
	for _, word := range o.Invalidates {
		d.Invalidates = append(d.Invalidates, word.Text)
	}
	for _, word := range o.Targets {
		d.Targets = append(d.Targets, word.Text)
	}
	if b.fixedHeader != "" {
		d.Header = func(w *soap.Writer, _ translate.Env) { w.Raw(b.fixedHeader, b.maskedHeader) }
	}
	d.Addressing.Action = b.bound.AddressingAction()
	var problems [4]error
	d.Rules, problems[0] = b.rules()
	d.Fill, problems[1] = b.fill()
	d.Judge, problems[2] = b.judge()
	d.Fault, problems[3] = b.fault()
	return d, errors.Join(problems[:]...)
}

// rules are those between members.
func (b *builder) rules() (all []rules.On, err error) {
	for i := range b.overlay.Rules {
		r := &b.overlay.Rules[i]
		if rule, wrong := r.rule(); wrong != nil {
			err = errors.Join(err, r.wrap(wrong))
		} else if _, wrong := b.loader.rules.Compile(b.request.Shape, []rules.On{{Object: r.In, Rules: []rules.Rule{rule}}}, nil); wrong != nil {
			err = errors.Join(err, r.wrap(wrong))
		} else {
			all = append(all, rules.On{Object: r.In, Rules: []rules.Rule{rule}})
		}
	}
	return all, err
}

// rule is a rule of the vocabulary.
func (r *Rule) rule() (rules.Rule, error) {
	wording := rules.Wording{Detail: r.Detail}
	when := cmp.Or(r.When, r.Unless)
	switch r.Word {
	case RequireAnyOf:
		return rules.RequireAnyOf(r.Members...), nil
	case ExactlyOneOf:
		return rules.ExactlyOneOf(r.Members...), nil
	case RequireWhen:
		return rules.RequireWhen(r.Members[0], *when, wording), nil
	case ForbidWhen:
		condition := *when
		condition.Not = condition.Not != (r.Unless != nil)
		return rules.ForbidWhen(r.Members[0], condition, cmp.Or(r.Detail, "This may not be given here, because of "+condition.Member+".")), nil
	case NotBefore:
		return rules.NotBefore(r.Members[0], r.Members[1], cmp.Or(r.Detail, "This may not be before "+r.Members[1]+".")), nil
	case ListWhen:
		return rules.ListWhen(r.Members[0], *when, r.Then, r.Otherwise, wording), nil
	case PatternWhen:
		return rules.PatternWhen(r.Members[0], *when, r.Pattern, wording), nil
	}
	return rules.Rule{}, fmt.Errorf("%s is not a rule", r.Word)
}

// fill sets what the caller left out and the proxy knows, and spells the words of enumerations as the schema does.
func (b *builder) fill() (func(*record.Record, translate.Env), error) {
	var steps []func(*record.Record, translate.Env)
	var problems []error
	for i := range b.overlay.Fill {
		f := &b.overlay.Fill[i]
		path, err := b.request.Shape.Find(f.Path.Text)
		if problems = append(problems, f.Path.wrap(err)); err != nil {
			continue
		}
		if last := fieldAt(b.request.Shape, path); last.Kind == shape.Object || last.Repeated {
			problems = append(problems, f.Path.wrap(fmt.Errorf("%s is not a single value", f.Path.Text)))
			continue
		}
		steps = append(steps, f.step(path, b.alwaysThere(path)))
	}
	if slices.ContainsFunc(b.overlay.Members, func(m Member) bool { return m.AnyCase }) {
		steps = append(steps, spell)
	}
	if len(steps) == 0 {
		return nil, errors.Join(problems...)
	}
	return func(r *record.Record, env translate.Env) {
		for _, step := range steps {
			step(r, env)
		}
	}, errors.Join(problems...)
}

func fieldAt(s *shape.Shape, path shape.Path) *shape.Field {
	f := &shape.Field{Object: s}
	for _, i := range path {
		f = &f.Object.Fields[i]
	}
	return f
}

// alwaysThere reports whether the objects around a member are in every message: in others nothing is filled in unless the caller sends them.
func (b *builder) alwaysThere(path shape.Path) bool {
	for n := 1; n < len(path); n++ {
		if !fieldAt(b.request.Shape, path[:n]).Required {
			return false
		}
	}
	return true
}

// step fills one member.
func (f *Fill) step(path shape.Path, alwaysThere bool) func(*record.Record, translate.Env) {
	return func(r *record.Record, env translate.Env) {
		around := alwaysThere || r.Root().Find(path[:len(path)-1]).Present()
		if v := r.Root().Find(path); around && !v.Present() && !v.Nil() {
			if text := f.text(env); text != "" {
				r.SetText(path, text)
			}
		}
	}
}

func (f *Fill) text(env translate.Env) string {
	switch f.From {
	case OperationID:
		return env.OperationID
	case Now:
		return env.Now.UTC().Format(time.RFC3339)
	case Today:
		return env.Now.UTC().Format(time.DateOnly)
	case CallerID:
		return env.Caller.UserID
	}
	return f.Value
}

// spell writes the words of enumerations that are compared without letter case as the schema does.
func spell(r *record.Record, _ translate.Env) {
	r.Leaves(func(v record.Value) bool {
		if a := &v.Field().Facets; a.AnyCase && v.Present() {
			if i := slices.IndexFunc(a.Enum, func(word string) bool { return strings.EqualFold(word, v.Text()) }); i >= 0 {
				v.Set(a.Enum[i])
			}
		}
		return true
	})
}

// headersFromSettings writes the blocks of the header that the proxy fills in, once.
func (b *builder) headersFromSettings(names []string) error {
	if len(names) == 0 {
		return nil
	}
	m, err := b.requests.Message(b.bound, b.overlay.Name+"Header", names)
	if err != nil {
		return err
	}
	blocks := m.Shape.Clone(b.requests.Unique(b.overlay.Name + "Header"))
	blocks.Choices = nil
	blocks.Fields = slices.DeleteFunc(blocks.Fields, func(f shape.Field) bool { return f.Place != shape.Header })
	if err := blocks.Index(); err != nil {
		return err
	}
	if b.config.Headers == "" && b.config.MadeUp {
		return b.madeUpHeaders(blocks)
	}
	if b.config.Headers == "" {
		return errors.New("its header blocks come from the settings, and the setting HEADERS of this system is not set")
	}
	set, err := rules.Compile(blocks, nil, nil)
	if err != nil {
		return err
	}
	values, refusal := translate.ReadBody([]byte(b.config.Headers), blocks, set)
	if refusal != nil {
		return headersWrong(refusal)
	}
	values.Leaves(func(v record.Value) bool {
		b.secrets = append(b.secrets, secret.Secret(v.Text()))
		return true
	})
	return b.writeHeaders(blocks, values)
}

// madeUpHeaders are examples.
func (b *builder) madeUpHeaders(blocks *shape.Shape) error {
	for i := range blocks.Fields {
		for _, h := range b.bound.Input.Headers {
			if h.Part == nil || h.Part.Element == nil || h.Part.Element.Name != blocks.Fields[i].Wire {
				continue
			}
			if text, ok := b.requests.Example(h.Part.Element); ok {
				b.fixedHeader += text
			}
		}
	}
	b.maskedHeader = b.fixedHeader
	return nil
}

// headersWrong names the places in the setting that are wrong; its values are secrets.
func headersWrong(refusal *translate.Error) error {
	problems := make([]error, 0, 1+len(refusal.Violations))
	problems = append(problems, errors.New("the setting HEADERS does not have the form of the header blocks "+refusal.Detail))
	for _, v := range refusal.Violations {
		problems = append(problems, fmt.Errorf("%s: %s", v.Pointer, v.Detail))
	}
	return errors.Join(problems...)
}

func (b *builder) writeHeaders(blocks *shape.Shape, values *record.Record) error {
	encoder, err := soap.NewEncoder(soap.Binding{EnvelopePrefix: map[soap.Version]string{soap.V11: "soap"}}, blocks)
	if err != nil {
		return err
	}
	message, err := encoder.Encode(soap.V11, values.Root())
	if err != nil {
		return err
	}
	_, behind, _ := strings.Cut(string(message.Envelope), "<soap:Header>")
	b.fixedHeader, _, _ = strings.Cut(behind, "</soap:Header>")
	for _, name := range blocks.Fields {
		b.maskedHeader += "<" + name.Wire.Local + ` xmlns="` + html.EscapeString(name.Wire.Space) + `">***</` + name.Wire.Local + ">"
	}
	return nil
}
