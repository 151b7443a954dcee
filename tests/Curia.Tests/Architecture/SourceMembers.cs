using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace Curia.Tests.Architecture;

/// <summary>A type or a member of one, as it is declared in a file.</summary>
/// <param name="Type">The innermost type around it; empty for a type of the namespace.</param>
/// <param name="Name">Its name; a constructor has the name of its type.</param>
/// <param name="IsType">Whether it is a type.</param>
/// <param name="IsBody">Whether it is a method, a property or the like, rather than a field with its value.</param>
/// <param name="Line">The first line of its declaration, from 1, without attributes.</param>
/// <param name="Lines">How many lines it takes.</param>
internal sealed record SourceMember(string Type, string Name, bool IsType, bool IsBody, int Line, int Lines);

/// <summary>Finds the declarations of a C# file by counting brackets: enough for code that compiles and is
/// formatted.</summary>
internal sealed partial class SourceMembers
{
    private readonly string code;
    private readonly List<SourceMember> members = [];
    private int at;

    private SourceMembers(string code) => this.code = code;

    public static IReadOnlyList<SourceMember> Of(string path)
    {
        SourceMembers source = new(SourceText.CodeOf(Repository.Read(path)));
        source.ReadBody(type: "");
        return source.members;
    }

    private void ReadBody(string type)
    {
        while (SkipToDeclaration())
        {
            int start = at;
            char end = ScanHeader();
            string header = code[start..at];
            Match declaration = TypeDeclaration().Match(header);
            if (declaration.Success && end is '{' or ';')
            {
                ReadType(type, declaration, start, end);
            }
            else
            {
                ReadRest(header, end);
                if (Name(header) is { } name) Add(type, name, isType: false, !IsField(header), start);
            }
        }
    }

    private void ReadType(string outer, Match declaration, int start, char end)
    {
        string name = declaration.Groups["name"].Value;
        bool isNamespace = declaration.Groups["kind"].Value == "namespace";
        at++;
        if (end == '{')
        {
            if (declaration.Groups["kind"].Value == "enum") SkipBraces(depth: 1);
            else ReadBody(isNamespace ? outer : name);
        }

        if (!isNamespace) Add(outer, name, isType: true, isBody: false, start);
    }

    /// <summary>Steps over white space, closing semicolons, attributes and directives.</summary>
    /// <returns>False at the end of the body, which is passed.</returns>
    private bool SkipToDeclaration()
    {
        while (at < code.Length)
        {
            char current = code[at];
            if (current == '}')
            {
                at++;
                return false;
            }

            if (current == '[') SkipBrackets();
            else if (current == '#') at = LineEnd();
            else if (char.IsWhiteSpace(current) || current == ';') at++;
            else return true;
        }

        return false;
    }

    /// <summary>Goes to what ends the header: a body, an arrow, a semicolon, or the end of the body around
    /// it.</summary>
    private char ScanHeader()
    {
        int depth = 0;
        for (; at < code.Length; at++)
        {
            char current = code[at];
            if (current is '(' or '[') depth++;
            if (current is ')' or ']') depth--;
            if (depth != 0) continue;
            if (current is '{' or ';' or '}') return current;
            if (current == '=' && at + 1 < code.Length && code[at + 1] == '>') return '>';
        }

        return '\0';
    }

    private void ReadRest(string header, char end)
    {
        if (end == '{')
        {
            at++;
            SkipBraces(depth: 1);
            int next = at;
            while (next < code.Length && char.IsWhiteSpace(code[next])) next++;
            if (IsField(header) || (next < code.Length && code[next] == '=')) SkipToSemicolon();
        }
        else if (end != '}')
        {
            SkipToSemicolon();
        }
    }

    private void SkipToSemicolon()
    {
        int depth = 0;
        for (; at < code.Length; at++)
        {
            if (code[at] is '{' or '(' or '[') depth++;
            if (code[at] is '}' or ')' or ']') depth--;
            if (depth < 0) return;
            if (depth == 0 && code[at] == ';')
            {
                at++;
                return;
            }
        }
    }

    private void SkipBraces(int depth)
    {
        for (; at < code.Length && depth > 0; at++)
        {
            if (code[at] == '{') depth++;
            if (code[at] == '}') depth--;
        }
    }

    private void SkipBrackets()
    {
        int depth = 0;
        do
        {
            if (code[at] == '[') depth++;
            if (code[at] == ']') depth--;
            at++;
        }
        while (at < code.Length && depth > 0);
    }

    private int LineEnd()
    {
        int end = code.IndexOf('\n', at);
        return end < 0 ? code.Length : end;
    }

    private void Add(string type, string name, bool isType, bool isBody, int start)
    {
        int line = 1 + code.AsCount(start);
        members.Add(new SourceMember(type, name, isType, isBody, line, 1 + code.AsCount(at) - code.AsCount(start)));
    }

    // A parameter may have a default value.
    private static bool IsField(string header) => Assignment().IsMatch(Parentheses().Replace(header, ""));

    private static string? Name(string header)
    {
        string plain = Assignment().Split(header)[0];
        Match? method = MethodName().Matches(plain)
            .FirstOrDefault(match => !Modifier().IsMatch(match.Groups["name"].Value));
        if (method is not null) return method.Groups["name"].Value;
        return Identifier().Matches(plain).LastOrDefault()?.Value;
    }

    [GeneratedRegex(
        @"^((public|internal|private|protected|static|sealed|abstract|readonly|partial|file|ref|unsafe|new)\s+)*"
        + @"(?<kind>class|struct|interface|enum|namespace|record(\s+(class|struct))?)\s+(?<name>\w[\w.]*)")]
    private static partial Regex TypeDeclaration();

    // A word before a parenthesis may also be the last modifier before a tuple.
    [GeneratedRegex(
        "^(public|private|protected|internal|static|override|virtual|abstract|sealed|async|readonly|new|unsafe)$")]
    private static partial Regex Modifier();

    [GeneratedRegex(@"(?<name>\w+)\s*(<[\w\s,]*>)?\s*\(")]
    private static partial Regex MethodName();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"(?<![=!<>])=(?![=>])")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"\((?:[^()]|\([^()]*\))*\)")]
    private static partial Regex Parentheses();
}

internal static class LineCount
{
    /// <summary>How many line ends come before a position.</summary>
    public static int AsCount(this string code, int position) => code.AsSpan(0, position).Count('\n');
}
