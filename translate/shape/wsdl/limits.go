package wsdl

// Limits bound what reading a service may cost. A field that is zero or negative means its default.
type Limits struct {
	Bytes         int // of all documents, as they are in the files
	Documents     int // that are read from the files
	Depth         int // elements open at once in a document; steps of a chain of types or groups
	Nodes         int // elements of all documents, and members of unions; there are fewer components than that
	Parts         int // of a message, and faults of an operation; each binding repeats them
	Problems      int
	Name          int // bytes of one name, its namespace included
	Documentation int // bytes that are kept of the documentation of a component
}

// DefaultLimits returns the limits that hold where a caller sets none. The largest services that vendors publish, with all their schemas,
// have 1 MB in 23 documents, 12,300 elements nested 27 deep and names of 150 bytes; each limit leaves room for ten times that where room is
// cheap.
//
//   - Bytes: 16 MiB, which are held in memory.
//   - Documents: 512.
//   - Depth: 64. What reads the model may recurse that deep.
//   - Nodes: 500,000, which take two seconds to read.
//   - Parts: 128. Few messages have more than three, and few operations more than twelve faults.
//   - Problems: 10,000. What has more is not a description of a service.
//   - Name: 1024.
//   - Documentation: 4096. It is for people, who do not read more beside a form.
func DefaultLimits() Limits {
	return Limits{Bytes: 16 << 20, Documents: 512, Depth: 64, Nodes: 500_000, Parts: 128, Problems: 10_000, Name: 1024, Documentation: 4096}
}

func (l Limits) orDefaults() Limits {
	preset := DefaultLimits()
	for _, each := range []struct{ field, preset *int }{
		{&l.Bytes, &preset.Bytes},
		{&l.Documents, &preset.Documents},
		{&l.Depth, &preset.Depth},
		{&l.Nodes, &preset.Nodes},
		{&l.Parts, &preset.Parts},
		{&l.Problems, &preset.Problems},
		{&l.Name, &preset.Name},
		{&l.Documentation, &preset.Documentation},
	} {
		if *each.field <= 0 {
			*each.field = *each.preset
		}
	}
	return l
}
