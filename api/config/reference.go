package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"soapbridge/translate/secret"
)

const (
	prefix     = "SOAPBRIDGE_"
	fileSuffix = "_FILE"
)

// Setting describes one variable.
type Setting struct {
	Name    string // full name, e.g. SOAPBRIDGE_LISTEN
	Default string // "" without one
	Absent  string // the meaning of no value, where Default is ""
	Valid   string // the accepted values, e.g. "a whole number from 0 to 16"
	Meaning string
	Secret  bool // shown as *** only
}

// Reference lists every variable, in the order of the documentation; those of imported systems are in [ReferenceImported].
func Reference() []Setting {
	list := make([]Setting, len(reference))
	for i, s := range reference {
		list[i] = s.Setting
	}
	return list
}

// setting is a Setting with the data for parsing.
type setting struct {
	Setting
	index        []int // path of the field in Config, or in ImportedSystem
	typ          reflect.Type
	kind         kind
	choices      []string
	min, max     int64 // in the kind's unit
	refusesEmpty bool
}

// reference is made once, from the tags of Config; a bad tag stops the process, and so every test.
var reference = settingsOf(reflect.TypeFor[Config](), prefix, nil)

func ranks(settings []setting) map[string]int {
	m := make(map[string]int, len(settings))
	for i, s := range settings {
		m[s.Name] = i
	}
	return m
}

func settingsOf(t reflect.Type, above string, path []int) []setting {
	var list []setting
	for f := range t.Fields() {
		index := append(slices.Clone(path), f.Index...)
		switch {
		case f.Tag.Get("env") != "":
			list = append(list, settingOf(f, above, index))
		case f.Type.Kind() == reflect.Struct:
			list = append(list, settingsOf(f.Type, above+f.Tag.Get("envPrefix"), index)...)
		}
	}
	return list
}

func settingOf(f reflect.StructField, above string, index []int) setting {
	k, known := kinds[f.Tag.Get("kind")]
	if !known {
		panic(fmt.Sprintf("config: field %s has an unknown kind", f.Name))
	}
	s := setting{index: index, typ: f.Type, kind: k, refusesEmpty: f.Tag.Get("empty") == "refused"}
	s.Setting = Setting{
		Name:    above + f.Tag.Get("env"),
		Default: f.Tag.Get("envDefault"),
		Absent:  f.Tag.Get("absent"),
		Meaning: f.Tag.Get("about"),
		Secret:  isSecret(f.Type),
	}
	if choices := f.Tag.Get("oneof"); choices != "" {
		s.choices = strings.Split(choices, ",")
	}
	s.Valid = k.valid
	if k.describe != nil {
		s.Valid = k.describe(&s, f.Tag)
	}
	return s
}

func isSecret(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[secret.Secret](), reflect.TypeFor[[]secret.Secret](), reflect.TypeFor[[]SecretKey]():
		return true
	}
	return false
}
