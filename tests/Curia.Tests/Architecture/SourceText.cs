using System;
using System.Text;

namespace Curia.Tests.Architecture;

/// <summary>C# text with the contents of comments, strings and characters blanked out, so that what is left can be
/// searched for braces and names. Positions and line ends stay where they were.</summary>
internal sealed class SourceText
{
    private readonly string text;
    private readonly StringBuilder code;
    private int at;

    private SourceText(string text)
    {
        this.text = text;
        code = new StringBuilder(text);
    }

    /// <summary>The text without comments and literals; of the same length.</summary>
    public static string CodeOf(string text)
    {
        SourceText source = new(text);
        source.ReadCode(insideHole: false);
        return source.code.ToString();
    }

    private char Current => at < text.Length ? text[at] : '\0';

    private char Next => at + 1 < text.Length ? text[at + 1] : '\0';

    /// <summary>Reads to the end, or to the brace that closes the hole of an interpolated string.</summary>
    private void ReadCode(bool insideHole)
    {
        int depth = 0;
        while (at < text.Length)
        {
            if (insideHole && depth == 0 && Current == '}') return;
            if (Current == '/' && Next == '/') BlankWhile(() => Current is not '\n');
            else if (Current == '/' && Next == '*') BlankBlockComment();
            else if (Current == '\'') BlankCharacter();
            else if (StartsString()) BlankString();
            else
            {
                if (Current == '{') depth++;
                if (Current == '}') depth--;
                if (insideHole) Blank();
                else at++;
            }
        }
    }

    private bool StartsString()
    {
        int quote = at;
        while (quote < text.Length && text[quote] is '$' or '@') quote++;
        return quote < text.Length && text[quote] == '"';
    }

    private void BlankString()
    {
        bool interpolated = false;
        bool verbatim = false;
        for (; Current != '"'; Blank())
        {
            interpolated |= Current == '$';
            verbatim |= Current == '@';
        }

        int quotes = 0;
        while (at + quotes < text.Length && text[at + quotes] == '"') quotes++;
        if (!verbatim && quotes >= 3) BlankRawString(quotes);
        else BlankQuoted(interpolated, verbatim);
    }

    private void BlankRawString(int quotes)
    {
        string fence = new('"', quotes);
        int end = text.IndexOf(fence, at + quotes, StringComparison.Ordinal);
        end = end < 0 ? text.Length : end + quotes;
        BlankWhile(() => at < end);
    }

    private void BlankQuoted(bool interpolated, bool verbatim)
    {
        Blank();
        while (at < text.Length)
        {
            if (Current == '"' && !(verbatim && Next == '"')) break;
            if (Current == '"' || (Current == '\\' && !verbatim) || (interpolated && Current == '{' && Next == '{'))
            {
                Blank();
                Blank();
            }
            else if (interpolated && Current == '{')
            {
                Blank();
                ReadCode(insideHole: true);
                Blank();
            }
            else
            {
                Blank();
            }
        }

        Blank();
    }

    private void BlankCharacter()
    {
        Blank();
        while (at < text.Length && Current != '\'')
        {
            if (Current == '\\') Blank();
            Blank();
        }

        Blank();
    }

    private void BlankBlockComment()
    {
        int end = text.IndexOf("*/", at + 2, StringComparison.Ordinal);
        end = end < 0 ? text.Length : end + 2;
        BlankWhile(() => at < end);
    }

    private void BlankWhile(Func<bool> goesOn)
    {
        while (at < text.Length && goesOn()) Blank();
    }

    private void Blank()
    {
        if (at >= text.Length) return;
        if (text[at] != '\n') code[at] = ' ';
        at++;
    }
}
