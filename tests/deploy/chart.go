// go run chart.go CHART RELEASE NAMESPACE [VALUES.json…]: prints the chart's manifests, as `helm template` would.
//
// Helm itself is in no registry that this project uses. What it renders templates with is: Go's text/template and
// Sprig, and around them a handful of functions, which are here. No hooks, subcharts, lookups or capabilities.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

type object = map[string]interface{}

// .Files of a chart.
type files struct{ folder string }

func (f files) Get(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(f.folder, name))
	return string(text), err
}

func read(path string) (object, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := object{}
	return values, yaml.Unmarshal(text, &values)
}

// What `changed` says wins; maps are merged key by key.
func merge(values, changed object) {
	for key, value := range changed {
		inner, isMap := value.(object)
		if known, wasMap := values[key].(object); isMap && wasMap {
			merge(known, inner)
		} else {
			values[key] = value
		}
	}
}

func toYaml(value interface{}) (string, error) {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	err := encoder.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

func required(message string, value interface{}) (interface{}, error) {
	if value == nil || value == "" {
		return nil, errors.New(message)
	}
	return value, nil
}

func functions(all *template.Template) template.FuncMap {
	made := sprig.TxtFuncMap()
	for _, name := range []string{"env", "expandenv"} {
		delete(made, name) // Helm has them not
	}
	made["toYaml"] = toYaml
	made["required"] = required
	made["include"] = func(name string, data interface{}) (string, error) {
		var text bytes.Buffer
		err := all.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	return made
}

func render(chart, release, namespace string, overrides []string) error {
	about, err := read(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		return err
	}
	values, err := read(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return err
	}
	for _, path := range overrides {
		changed, err := read(path)
		if err != nil {
			return err
		}
		merge(values, changed)
	}
	all := template.New("chart").Option("missingkey=zero")
	all.Funcs(functions(all))
	names, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := all.New(filepath.Base(name)).Parse(string(text)); err != nil {
			return err
		}
	}
	data := object{
		"Values":  values,
		"Chart":   object{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
		"Release": object{"Name": release, "Namespace": namespace, "Service": "Helm"},
		"Files":   files{chart},
	}
	for _, name := range names {
		base := filepath.Base(name)
		if strings.HasPrefix(base, "_") {
			continue
		}
		var text bytes.Buffer
		if err := all.ExecuteTemplate(&text, base, data); err != nil {
			return err
		}
		if strings.HasSuffix(base, ".yaml") && strings.TrimSpace(text.String()) != "" {
			fmt.Printf("---\n# Source: %s\n%s\n", base, text.String())
		}
	}
	return nil
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: chart CHART RELEASE NAMESPACE [VALUES…]")
		os.Exit(2)
	}
	if err := render(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
