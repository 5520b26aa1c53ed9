"""Refusals of imports by file."""

from shared.errors.spec import Spec

IMPORT_FILE_EMPTY = Spec(
    422,
    "文件是空的",
    "The file is empty",
    "第一行写表头，其后每人一行",
    "Begin with a header, then a row per person",
)
IMPORT_FILE_NOT_CSV = Spec(
    422,
    "不是可读取的 CSV 文件",
    "Not a CSV file that can be read",
    "在表格软件中另存为“CSV UTF-8（逗号分隔）”",
    'Save it as "CSV UTF-8 (comma delimited)"',
)
IMPORT_COLUMN_MISSING = Spec(
    422, "缺少必需的列", "A required column is missing", "在表头补上该列", "Add the column to the header"
)
IMPORT_COLUMN_DOUBLED = Spec(
    422, "同一列出现两次", "A column stands in the header twice", "删除其中一列", "Delete one of them"
)
IMPORT_ROW_MALFORMED = Spec(
    422,
    "该行格式有误",
    "The row is malformed",
    "按所述改正该行：引号成对，格数与表头相同，整个文件用同一种编码保存",
    "Correct the row: quotes in pairs, as many cells as the header has, one encoding for the whole file",
)
IMPORT_CELL_MALFORMED = Spec(422, "单元格内容有误", "A cell is malformed", "改正该单元格", "Correct the cell")
IMPORT_FORMULA_IN_CELL = Spec(
    422, "单元格内容是公式", "A cell holds a formula", "改为文字内容", "Write the text itself"
)
IMPORT_NUMBER_ROUNDED = Spec(
    422,
    "号码已被表格软件变成科学计数法",
    "A spreadsheet turned the number into scientific notation",
    "将该列设为“文本”格式后重新录入完整号码",
    "Make the column text and enter the whole number again",
)
IMPORT_ENROLLED_DIFFERENTLY = Spec(
    409,
    "此人本年度已参保登记，内容与本行不同",
    "This person is already registered for the benefit year, with other content",
    "核对本行与已有登记，不要重复登记",
    "Compare the row with the existing enrolment",
)
IMPORT_DOUBLED_IN_FILE = Spec(
    409,
    "此人在文件前面已出现，内容与本行不同",
    "This person stands in the file before, with other content",
    "只保留正确的一行",
    "Keep the right one of the rows",
)
IMPORT_FILE_CHANGED = Spec(
    409,
    "导入过程中文件被改动",
    "The file was changed while it was imported",
    "文件存好后重新导入；已导入的不会重复",
    "Run it again once the file is saved; nothing is entered twice",
)
IMPORT_RUNS_ELSEWHERE = Spec(
    409,
    "另一进程正在导入同一文件",
    "Another process imports the same file",
    "等待其完成；若已中止，重新运行即可继续",
    "Wait for it; if it has died, run again to continue",
)
